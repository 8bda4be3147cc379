import { RestDoor } from '../support/rest.door.js';
import { Conversation } from '../support/conversation.js';
import { OpencodeServer } from '../support/opencode-server.js';
import type { ScriptedRequest } from '../support/scripted-model.js';
import { FaultyUpstream } from './faulty-upstream.js';
import { FaultProxy } from './fault-proxy.js';
import type { ProcessFault } from './faults.js';
import { GatewayHere, GatewayProcess, type TestedGateway } from './gateways.js';
import { Records } from './records.js';

/** Where one run at a time is played: a gateway, the faulty way from it to OpenCode, and who else is there. */
export interface Lane {
  readonly proxy: FaultProxy;
  readonly gateway: TestedGateway;
  /** The other gateway that readers and callers know, with no faults on its way. */
  readonly elsewhere: TestedGateway;
  readonly records: Records;
  /** What the model was asked. */
  readonly requests: () => readonly ScriptedRequest[];
  kill(kind: ProcessFault['kind']): Promise<void>;
}

/** One real OpenCode with a scripted model, some lanes in front of it, and a gateway that has no faults on its way. */
export class Stage {
  private readonly records: Records;
  private readonly lanes: Lane[] = [];

  private constructor(
    private readonly opencode: OpencodeServer,
    private readonly elsewhere: GatewayHere,
  ) {
    this.records = new Records(() => opencode.url);
  }

  static async open(): Promise<Stage> {
    const opencode = await OpencodeServer.start({ permission: { bash: 'ask' } });
    const stage = new Stage(opencode, await GatewayHere.start(opencode.url));
    await stage.warmUp();
    return stage;
  }

  /** @param main the compiled command line, for a gateway that can be killed */
  async addLane(main?: string): Promise<Lane> {
    const proxy = await FaultProxy.start(this.opencode.url);
    const gateway = main === undefined ? await GatewayHere.start(proxy.url) : await GatewayProcess.start(main, proxy.url);
    const lane: Lane = {
      proxy,
      gateway,
      elsewhere: this.elsewhere,
      records: this.records,
      requests: () => this.opencode.model.requests,
      kill: async (kind) => {
        if (kind === 'kill-opencode') await this.killOpencode();
        else if (gateway instanceof GatewayProcess) await gateway.killAndStartAgain();
      },
    };
    this.lanes.push(lane);
    return lane;
  }

  /** Kills OpenCode in the middle of whatever it does, and starts it again on the same data. */
  private async killOpencode(): Promise<void> {
    await this.opencode.kill();
    await this.opencode.launch();
  }

  async close(): Promise<void> {
    await Promise.all([this.elsewhere, ...this.lanes.map(({ gateway }) => gateway)].map((gateway) => gateway.stop()));
    await Promise.all(this.lanes.map(({ proxy }) => proxy.stop()));
    await this.opencode.stop();
  }

  /** The first prompt of a directory takes OpenCode seconds, which belong to no run. */
  private async warmUp(): Promise<void> {
    const door = new RestDoor(this.elsewhere.address().httpUrl);
    const conversation = await Conversation.begin(door);
    this.records.know(conversation.sessionId);
    await conversation.run([{ t: 'text', value: 'warm' }]);
    door.close();
  }
}

/** Lanes that share one faulty upstream. It has no model and cannot be killed. */
export class FaultyStage {
  private readonly closing: (() => Promise<void>)[] = [];

  private constructor(private readonly upstream: FaultyUpstream) {}

  static async open(): Promise<FaultyStage> {
    return new FaultyStage(await FaultyUpstream.start());
  }

  async addLane(): Promise<Lane> {
    const proxy = await FaultProxy.start(this.upstream.url);
    const [gateway, elsewhere] = await Promise.all([GatewayHere.start(proxy.url), GatewayHere.start(this.upstream.url)]);
    this.closing.push(async () => {
      await Promise.all([gateway.stop(), elsewhere.stop()]);
      await proxy.stop();
    });
    const records = new Records(() => this.upstream.url);
    return { proxy, gateway, elsewhere, records, requests: () => [], kill: () => Promise.resolve() };
  }

  async close(): Promise<void> {
    await Promise.all(this.closing.map((close) => close()));
    await this.upstream.stop();
  }
}
