/** Tells of what nobody handles in this process, where the gateways run too. Gives how to stop. */
export function watchProcess(onStray: (what: string) => void): () => void {
  const rejected = (reason: unknown): void => onStray(`unhandled rejection: ${toText(reason)}`);
  const thrown = (error: unknown): void => onStray(`uncaught exception: ${toText(error)}`);
  process.on('unhandledRejection', rejected);
  process.on('uncaughtException', thrown);
  return () => {
    process.off('unhandledRejection', rejected);
    process.off('uncaughtException', thrown);
  };
}

function toText(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
