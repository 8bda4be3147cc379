import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

interface StatusBody {
  readonly code: number;
  readonly message: string;
  readonly details: readonly {
    readonly '@type': string;
    readonly reason?: string;
    readonly fieldViolations?: readonly { readonly field: string }[];
  }[];
}

describe('the HTTP door', () => {
  let test: TestGateway;

  beforeAll(async () => {
    test = await startTestGateway({ settings: { MAX_REQUEST_BYTES: '10000' } });
  });

  afterAll(() => test.stop());

  function post(path: string, body: string, headers: Record<string, string> = { 'content-type': 'application/json' }): Promise<Response> {
    return fetch(test.httpUrl + path, { method: 'POST', body, headers });
  }

  it('prints ProtoJSON: camelCase names, 64-bit integers as strings, fields without presence always there', async () => {
    const session = (await (await post('/sessions', '{"title":"json"}')).json()) as Record<string, unknown>;

    expect(session['labels']).toEqual({});
    expect(session).toMatchObject({ time: { created: expect.stringMatching(/^\d+$/) as string }, usage: { inputTokens: '0', cost: 0 } });
  });

  it('understands snake_case and camelCase names, and ignores what it does not know', async () => {
    const parent = (await (await post('/sessions', '{"title":"parent"}')).json()) as { id: string };

    const child = await (await post('/sessions', JSON.stringify({ title: 'child', parent_id: parent.id, unknown: 1 }))).json();

    expect(child).toMatchObject({ parentId: parent.id });
  });

  it.each([
    ['JSON that is broken', '/sessions', '{"title', 400, undefined],
    ['a body that is no object', '/sessions', '[1]', 400, 'body'],
    ['a field of another type', '/sessions', '{"title":{"a":1}}', 400, 'title'],
    ['too large a body', '/sessions', `{"title":"${'x'.repeat(11_000)}"}`, 413, undefined],
    ['a route that is not there', '/nowhere', '{}', 404, undefined],
    ['an abort of no session', '/sessions/ses_1/abort', '{}', 404, undefined],
  ])('refuses %s', async (_, path, body, status, field) => {
    const response = await post(path, body);

    const answer = (await response.json()) as StatusBody;
    expect(response.status).toBe(status);
    expect(answer.details[0]).toMatchObject({ '@type': 'type.googleapis.com/google.rpc.ErrorInfo' });
    if (field !== undefined)
      expect(answer.details.flatMap(({ fieldViolations = [] }) => fieldViolations.map((violation) => violation.field))).toEqual([field]);
  });

  it('refuses a body of another type', async () => {
    for (const type of ['application/x-www-form-urlencoded', 'text/plain', 'application/xml']) {
      const response = await post('/sessions', 'title=x', { 'content-type': type });

      expect(response.status).toBe(415);
      expect(((await response.json()) as StatusBody).code).toBe(3);
    }
  });

  it('answers with problem details to who accepts them', async () => {
    const response = await post('/sessions', '{"agent":"nobody"}', {
      'content-type': 'application/json',
      accept: 'application/problem+json',
    });

    expect(response.headers.get('content-type')).toContain('application/problem+json');
    expect(await response.json()).toMatchObject({ status: 400, code: 'INVALID_ARGUMENT', violations: [{ field: 'agent' }] });
  });

  it('takes a message with 202 and says where it is', async () => {
    const { id } = (await (await post('/sessions', '{"title":"location"}')).json()) as { id: string };

    const response = await post(`/sessions/${id}/messages`, JSON.stringify({ parts: [{ text: { text: 'SCRIPT:[[]]' } }] }));

    const location = response.headers.get('location') ?? '';
    expect(response.status).toBe(202);
    expect(await (await fetch(test.httpUrl + location)).json()).toMatchObject({ role: 'user', textParts: ['SCRIPT:[[]]'] });
  });

  it('answers HEAD without a body, on streams too', async () => {
    const response = await fetch(`${test.httpUrl}/events`, { method: 'HEAD' });

    expect(response.status).toBe(200);
    expect(await response.text()).toBe('');
  });

  it('refuses a position that is none', async () => {
    const { id } = (await (await post('/sessions', '{"title":"position"}')).json()) as { id: string };

    const response = await fetch(`${test.httpUrl}/sessions/${id}/events`, { headers: { 'last-event-id': 'x' } });

    expect(response.status).toBe(400);
  });
});
