// The process lives, OpenCode is ready behind it, and the contract is there.
const expected = { '/livez': 200, '/readyz': 200, '/health': 200 };
for (const [path, status] of Object.entries(expected)) {
  const answer = await fetch(process.env.HTTP_URL + path, { signal: AbortSignal.timeout(10_000) }).catch(fail);
  console.log(path, answer.status, (await answer.text()).slice(0, 500));
  if (answer.status !== status) process.exitCode = 1;
}

function fail(error) {
  console.error(error.cause?.message ?? error.message);
  process.exit(1);
}
