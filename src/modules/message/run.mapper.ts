import type { DisplayMessage } from '../../common/grpc/generated/message_pb.js';
import { toTurnState } from '../event/event.mapper.js';
import { toDisplayMessage } from './message.mapper.js';
import type { RunResult } from './run.service.js';

/** The turn's last message, and how the turn ended. */
export function toRunAnswer({ turn, message }: RunResult): DisplayMessage {
  return Object.assign(toDisplayMessage(message), { turnState: toTurnState(turn.state) });
}
