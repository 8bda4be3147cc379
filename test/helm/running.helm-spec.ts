import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findOpencode, pathWithRipgrep } from '../../src/common/opencode/opencode.binary.js';
import { createOpencodeEnvironment, type OpencodeEnvironment } from '../support/opencode-environment.js';
import { ScriptedModel } from '../support/scripted-model.js';
import { freePort } from './free-port.js';
import { PlayedPod } from './played-pod.js';
import { Release, type Container, type PodSpec } from './release.js';

const START_TIMEOUT_MS = 120_000;
/** The folders and the configuration of the chart's OpenCode are the chart's. */
const OF_THE_CHART = /^(HOME|XDG_.*|TMPDIR|OPENCODE_CONFIG_CONTENT)$/;

/** What the image has on its PATH. */
const programs = {
  // It passes on what it is given, as the other does.
  tini: ['env'],
  opencode: [findOpencode(undefined, process.env['PATH'])],
  'opencode-gateway': [process.execPath, join(process.cwd(), 'dist', 'main.js')],
};

describe('a pod of mode sidecar, played by processes', () => {
  let model: ScriptedModel;
  let machine: OpencodeEnvironment;
  let release: Release;
  let pod: PlayedPod;
  let token: string;

  beforeAll(async () => {
    model = await ScriptedModel.start();
    machine = await createOpencodeEnvironment({ modelUrl: model.url });
    const [grpcPort, httpPort, port] = [await freePort(), await freePort(), await freePort()];
    const ports = { 'gateway.grpcPort': grpcPort, 'gateway.httpPort': httpPort, 'opencode.port': port };
    const services = { 'service.grpc.port': grpcPort, 'service.http.port': httpPort };
    const config = JSON.parse(machine.env['OPENCODE_CONFIG_CONTENT'] ?? '') as unknown;
    release = Release.of({ values: { ...ports, ...services, 'gateway.host': '127.0.0.1', 'drain.delayMs': 0, 'opencode.config': config } });
    pod = new PlayedPod(release);
    mkdirSync(join(pod.root, 'workspace'), { recursive: true });
    writeFileSync(join(pod.root, 'workspace', 'hello.txt'), 'from the workspace');
    const variables = Object.entries(machine.env).filter(([name]) => !OF_THE_CHART.test(name));
    const offline = { PATH: pathWithRipgrep(process.env['PATH']), TMPDIR: join(pod.root, 'tmp'), ...Object.fromEntries(variables) };
    await pod.run(release.container('opencode'), programs, offline).says(/listening on/);
    token = release.environment(release.container('gateway'), () => '')['ACCESS_TOKEN'] ?? '';
    await pod.run(release.container('gateway'), programs, { PATH: process.env['PATH'] }).says(/is ready/);
  }, START_TIMEOUT_MS);

  afterAll(async () => {
    await pod.stop();
    await model.stop();
    await machine.remove();
  });

  function probeOf(container: Container): readonly string[] {
    return (container.livenessProbe as { readonly exec: { readonly command: readonly string[] } }).exec.command;
  }

  function call(path: string, init: RequestInit = {}): Promise<Response> {
    const { HTTP_PORT } = release.environment(release.container('gateway'), () => '');
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    return fetch(`http://127.0.0.1:${HTTP_PORT}${path}`, { ...init, headers });
  }

  it('has an OpenCode that its probe finds healthy, and one with another password not', async () => {
    const opencode = release.container('opencode');

    expect(await pod.exec(opencode, probeOf(opencode))).toBe(0);
    expect(await pod.exec(opencode, probeOf(opencode), { OPENCODE_SERVER_PASSWORD: 'another' })).toBe(1);
  });

  it('answers a prompt with the model of the chart’s configuration', async () => {
    const created = (await (await call('/sessions', { method: 'POST', body: '{}' })).json()) as { readonly id: string };

    const body = JSON.stringify({ parts: [{ text: { text: 'Hello' } }] });
    const answer = await call(`/sessions/${created.id}/run`, { method: 'POST', body });

    expect(await answer.text()).toContain('it repeats: Hello');
  });

  it('serves the files of the workspace that both have', async () => {
    const answer = await call('/files/hello.txt');

    expect(await answer.json()).toMatchObject({ content: 'from the workspace' });
  });

  it('finds the credentials that OpenCode keeps: only its file tells that there are two', async () => {
    const oauth = { refreshToken: 'refresh-secret', accessToken: 'access-secret', expiresAt: '4102444800000' };
    for (const credential of [{ apiKey: 'a-key-of-a-provider' }, { oauth }]) {
      expect((await call('/auth/scripted', { method: 'PUT', body: JSON.stringify(credential) })).status).toBe(200);
    }

    const answer = await call('/auth/scripted');

    expect(((await answer.json()) as { readonly stored: readonly string[] }).stored).toEqual(['OAUTH', 'API_KEY']);
  });

  it.each(['rest', 'grpc', 'auth'])('passes the test %s of the chart, which a dead gateway does not', async (name) => {
    const test = release.tests.find(({ metadata }) => metadata.name.endsWith(`-test-${name}`))?.['spec'] as PodSpec;
    const [container] = test.containers as [Container];
    const command = [...(container.command ?? []), ...(container.args ?? [])];
    const { HTTP_URL = '', GRPC_URL = '' } = release.environment(container, () => '');
    const here = (url: string) => url.replace(/\/\/[^:]+/, '//127.0.0.1');

    expect(await pod.exec(container, command, { HTTP_URL: here(HTTP_URL), GRPC_URL: here(GRPC_URL) })).toBe(0);
    expect(await pod.exec(container, command, { HTTP_URL: 'http://127.0.0.1:9', GRPC_URL: 'http://127.0.0.1:9' })).toBe(1);
  });
});
