const NO_NEWLINE = '\\ No newline at end of file\n';
const EMPTY_BLOB = 'e69de29';

/** A path as git writes it into a patch: what is not plain ASCII as octal bytes, so that any name travels. */
function quote(side: 'a' | 'b', path: string): string {
  const escaped = [...Buffer.from(path)].map((byte) =>
    byte < 0x20 || byte > 0x7e || byte === 0x22 || byte === 0x5c ? `\\${byte.toString(8).padStart(3, '0')}` : String.fromCharCode(byte),
  );
  return `"${side}/${escaped.join('')}"`;
}

interface Side {
  /** With the sign of the side before each line. */
  readonly lines: string;
  /** `first,count`, as a hunk's header has it. */
  readonly range: string;
}

function toSide(sign: '-' | '+', text: string): Side {
  if (text === '') return { lines: '', range: '0,0' };
  const lines = text.split('\n');
  const isClosed = lines.at(-1) === '';
  if (isClosed) lines.pop();
  return { lines: lines.map((line) => `${sign}${line}\n`).join('') + (isClosed ? '' : NO_NEWLINE), range: `1,${lines.length}` };
}

/**
 * A patch for git that makes one text of another; undefined stands for no file.
 *
 * It replaces the text whole, so it applies only where the file is still what `before` says.
 *
 * @see https://git-scm.com/docs/diff-format
 */
export function toTextPatch(path: string, before: string | undefined, after: string | undefined): string {
  const [old, now] = [toSide('-', before ?? ''), toSide('+', after ?? '')];
  const [from, to] = [quote('a', path), quote('b', path)];
  const modes = [before === undefined ? 'new file mode 100644\n' : '', after === undefined ? 'deleted file mode 100644\n' : ''].join('');
  const head = `diff --git ${from} ${to}\n${modes}`;
  if (old.lines === now.lines)
    return before === undefined ? `${head}index 0000000..${EMPTY_BLOB}\n` : `${head}index ${EMPTY_BLOB}..0000000\n`;
  const names = `--- ${before === undefined ? '/dev/null' : from}\n+++ ${after === undefined ? '/dev/null' : to}\n`;
  return `${head}${names}@@ -${old.range} +${now.range} @@\n${old.lines}${now.lines}`;
}
