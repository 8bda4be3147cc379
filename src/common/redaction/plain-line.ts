const MAX_LENGTH = 300;

/** A statement, a page, a stack, an address, or a path of the host. */
const MORE_THAN_WORDS = [
  /\b(failed query|insert into|delete from|select\s.+\sfrom|update\s.+\sset)\b/i,
  /<[a-z!/]/i,
  /^\s*at\s.+\(|\bnode:|\bnative:/,
  /\w:\/\//,
  /(^|[\s"'(=:])(\/|[a-z]:\\)[\w.-]+/i,
];

/**
 * The first line of what another program says, if that is words and nothing else; callers may read it then.
 *
 * What follows a first line may be a stack trace, a SQL statement with its values or somebody else's whole answer.
 */
export function plainLine(text: string | undefined): string | undefined {
  const line = text?.split('\n', 1)[0]?.trim() ?? '';
  return line === '' || line.length > MAX_LENGTH || MORE_THAN_WORDS.some((shape) => shape.test(line)) ? undefined : line;
}
