import { RestDoor } from '../support/rest.door.js';
import { Conversation } from '../support/conversation.js';
import { createOpencodeEnvironment, type OpencodeEnvironment } from '../support/opencode-environment.js';
import { ScriptedModel } from '../support/scripted-model.js';
import { FaultProxy } from './fault-proxy.js';
import { GatewayHere, GatewayProcess, type TestedGateway } from './gateways.js';
import { OpencodeProcess } from './opencode-process.js';
import { Records } from './records.js';

/** Where one run at a time is played: a gateway and the faulty way from it to OpenCode. */
export interface Lane {
  readonly stage: Stage;
  readonly proxy: FaultProxy;
  readonly gateway: TestedGateway;
}

/** One real OpenCode with a scripted model, some lanes in front of it, and a gateway that has no faults on its way. */
export class Stage {
  readonly records: Records;
  private readonly lanes: Lane[] = [];

  private constructor(
    readonly model: ScriptedModel,
    readonly environment: OpencodeEnvironment,
    readonly opencode: OpencodeProcess,
    /** The other gateway that readers and callers know. */
    readonly elsewhere: GatewayHere,
    /** Its way to OpenCode, which changes its address when it is started again. */
    private readonly elsewhereProxy: FaultProxy,
  ) {
    this.records = new Records(() => opencode.url);
  }

  static async open(): Promise<Stage> {
    const model = await ScriptedModel.start();
    // Snapshots of the work tree cost a third of a turn and play no part here.
    const environment = await createOpencodeEnvironment({
      modelUrl: model.url,
      permission: { bash: 'ask' },
      config: { snapshot: false },
    });
    const opencode = await OpencodeProcess.start(environment);
    const proxy = await FaultProxy.start(opencode.url);
    const elsewhere = await GatewayHere.start(proxy.url, environment.workspace);
    const stage = new Stage(model, environment, opencode, elsewhere, proxy);
    await stage.warmUp();
    return stage;
  }

  /** @param main the compiled command line, for a gateway that can be killed */
  async addLane(main?: string): Promise<Lane> {
    const proxy = await FaultProxy.start(this.opencode.url);
    const { workspace } = this.environment;
    const gateway =
      main === undefined ? await GatewayHere.start(proxy.url, workspace) : await GatewayProcess.start(main, proxy.url, workspace);
    const lane = { stage: this, proxy, gateway };
    this.lanes.push(lane);
    return lane;
  }

  /** Kills OpenCode in the middle of whatever it does, and starts it again on the same data. */
  async killOpencode(): Promise<void> {
    await this.opencode.kill();
    await this.opencode.startAgain();
    for (const proxy of [this.elsewhereProxy, ...this.lanes.map((lane) => lane.proxy)]) proxy.upstreamUrl = this.opencode.url;
  }

  async close(): Promise<void> {
    await Promise.all([...this.lanes, { gateway: this.elsewhere, proxy: this.elsewhereProxy }].map(({ gateway }) => gateway.stop()));
    await Promise.all([...this.lanes.map(({ proxy }) => proxy), this.elsewhereProxy].map((proxy) => proxy.stop()));
    await this.opencode.kill();
    await this.model.stop();
    await this.environment.remove();
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
