// grpc.health.v1.Health/Check, with no more than Node: five bytes ask for the whole server, two more answer: 8 is the field status, 1 SERVING.
import { connect } from 'node:http2';

const client = connect(process.env.GRPC_URL);
client.on('error', (error) => fail(error.message));
setTimeout(() => fail('no answer in 10 s'), 10_000).unref();
const path = '/grpc.health.v1.Health/Check';
const call = client.request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' });
call.on('error', (error) => fail(error.cause?.message ?? error.message));
const chunks = [];
let status;
call.on('response', (headers) => (status = headers['grpc-status']));
call.on('trailers', (trailers) => (status = trailers['grpc-status']));
call.on('data', (chunk) => chunks.push(chunk));
call.on('end', () => {
  const [field, health] = Buffer.concat(chunks).subarray(5);
  if (status !== '0' || field !== 8 || health !== 1) fail(`grpc-status ${status}, health ${health}`);
  console.log('SERVING');
  client.close();
});
call.end(Buffer.alloc(5));

function fail(reason) {
  console.error(reason);
  process.exit(1);
}
