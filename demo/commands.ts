export interface DemoCommand {
  readonly title: string;
  /** For a POSIX shell. */
  readonly command: string;
  /** The program it needs beside curl. */
  readonly needs: 'curl' | 'grpcurl';
}

/** What the demo asks its reader to type; a test types it too. */
export function demoCommands(httpUrl: string, grpcAddress: string): DemoCommand[] {
  const toolScript = `SCRIPT:[[{"t":"tool","name":"bash","args":{"command":"echo hello","description":"Say hello"}}],[{"t":"text","value":"The command said hello."}]]`;
  return [
    { needs: 'curl', title: 'Is it up?', command: `curl -s ${httpUrl}/health` },
    {
      needs: 'curl',
      title: "A prompt to the container's own session; the answer streams",
      command: `curl -sN ${httpUrl}/messages -H 'accept: text/event-stream' -H 'content-type: application/json' -d '{"parts":[{"text":{"text":"Hello!"}}]}'`,
    },
    {
      needs: 'curl',
      title: 'A session of your own',
      command: `curl -s ${httpUrl}/sessions -H 'content-type: application/json' -d '{"title":"demo","labels":{"team":"docs"}}'`,
    },
    {
      needs: 'curl',
      title: 'Find it again, by its label',
      command: `SESSION=$(curl -s '${httpUrl}/sessions?labels%5Bteam%5D=docs' | grep -o 'ses_[0-9A-Za-z]*' | head -1); echo "$SESSION"`,
    },
    {
      needs: 'curl',
      title: 'Send a prompt that runs a command, which asks for permission first (answers 202 at once)',
      command: `curl -s ${httpUrl}/sessions/$SESSION/messages -H 'content-type: application/json' -d '${JSON.stringify({ parts: [{ text: { text: toolScript } }] })}'`,
    },
    {
      needs: 'curl',
      title: 'See what waits, and allow it',
      command: `sleep 2; PERMISSION=$(curl -s ${httpUrl}/sessions/$SESSION/permissions | grep -o 'per_[0-9A-Za-z]*' | head -1); curl -s ${httpUrl}/sessions/$SESSION/permissions/$PERMISSION -H 'content-type: application/json' -d '{"response":"once"}'`,
    },
    { needs: 'curl', title: 'The whole conversation', command: `sleep 2; curl -s ${httpUrl}/sessions/$SESSION/messages` },
    {
      needs: 'grpcurl',
      title: 'The same over gRPC: send, and stream the turn',
      command: `grpcurl -plaintext -d '{"parts":[{"text":{"text":"Hello over gRPC!"}}]}' ${grpcAddress} opencode.v1.OpenCodeService/SendMessage`,
    },
  ];
}
