const { OPENCODE_SERVER_USERNAME: name, OPENCODE_SERVER_PASSWORD: password } = process.env;
const authorization = 'Basic ' + Buffer.from(name + ':' + password).toString('base64');
fetch('http://127.0.0.1:%d/global/health', { headers: { authorization }, signal: AbortSignal.timeout(4000) })
  .then((answer) => process.exit(answer.ok ? 0 : 1))
  .catch(() => process.exit(1));
