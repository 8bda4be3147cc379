/** Runs one real prompt through the compiled gateway and the real OpenCode. */
import { script } from '../.cache/tools/test/support/scripted-model.js';
import { withCompiledGateway } from './compiled-gateway.js';

await withCompiledGateway({}, async ({ httpUrl }) => {
  const response = await fetch(`${httpUrl}/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ parts: [{ text: { text: script([{ t: 'text', value: 'it works' }]) } }] }),
  });
  const text = await response.text();
  const told = [...text.matchAll(/"contentDelta":\{"text":"([^"]*)"/g)].map(([, delta]) => delta).join('');
  if (told !== 'it works' || !text.includes('FINISH_REASON_END_TURN')) throw new Error(`unexpected answer: ${text}`);
  console.log('smoke: the compiled gateway answered a prompt');
});
