// Without a token nobody gets in, unless everybody may; with the token its holder does.
const url = process.env.HTTP_URL + '/providers';
const token = process.env.ACCESS_TOKEN;
const isOpen = process.env.ACCESS_ANONYMOUS === 'true';

await expectStatus('without a token', {}, isOpen ? 200 : 401);
await expectStatus('with a wrong token', { authorization: 'Bearer a-wrong-token-of-some-length' }, isOpen ? 200 : 401);
if (token !== undefined) await expectStatus('with the token', { authorization: `Bearer ${token}` }, 200);

async function expectStatus(what, headers, status) {
  const answer = await fetch(url, { headers, signal: AbortSignal.timeout(20_000) }).catch(fail);
  console.log(what, answer.status);
  if (answer.status !== status) process.exitCode = 1;
  await answer.body?.cancel();
}

function fail(error) {
  console.error(error.cause?.message ?? error.message);
  process.exit(1);
}
