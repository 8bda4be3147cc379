import { GatewayError } from '../../common/errors/gateway-error.js';

const MAX_PATTERN_LENGTH = 1_000;
const MAX_ALTERNATIVES = 64;

type CharTest = (char: string) => boolean;
/** `*` of a segment, or a test of one character. */
type CharToken = '*' | CharTest;
/** `**`, or the tokens of one segment. */
type SegmentToken = '**' | readonly CharToken[];

/**
 * Matches items against tokens of which `star` stands for any number of items.
 *
 * Only the last star is ever tried again, so a hostile pattern costs items times tokens and not a power of them.
 */
function matchStars<Item, Token, Star extends Token>(
  items: ArrayLike<Item>,
  tokens: readonly Token[],
  star: Star,
  matches: (item: Item, token: Exclude<Token, Star>) => boolean,
): boolean {
  let [item, token, starAt, starItem] = [0, 0, -1, 0];
  while (item < items.length) {
    const current = tokens[token];
    if (token < tokens.length && current === star) {
      [starAt, starItem] = [token, item];
      token += 1;
    } else if (token < tokens.length && matches(items[item] as Item, current as Exclude<Token, Star>)) {
      item += 1;
      token += 1;
    } else if (starAt >= 0) {
      starItem += 1;
      [item, token] = [starItem, starAt + 1];
    } else {
      return false;
    }
  }
  while (tokens[token] === star) token += 1;
  return token === tokens.length;
}

/** `[a-z]`, `[!abc]`; undefined when the bracket does not close, and is then a character like others. */
function parseClass(text: string): { readonly test: CharTest; readonly length: number } | undefined {
  const match = /^\[([!^]?)(\]?[^\]]*)\]/s.exec(text);
  if (match === null || match[2] === '') return undefined;
  const negated = match[1] !== '';
  const ranges = [...(match[2] ?? '').matchAll(/(.)-(.)|(.)/gsu)].map(
    ([, from, to, single = '']) => [from ?? single, to ?? single] as const,
  );
  return { test: (char) => ranges.some(([from, to]) => char >= from && char <= to) !== negated, length: match[0].length };
}

function parseSegment(segment: string): SegmentToken {
  if (segment === '**') return '**';
  const tokens: CharToken[] = [];
  for (let rest = segment; rest !== '';) {
    const escaped = rest.startsWith('\\') && rest.length > 1;
    const char = String.fromCodePoint(rest.codePointAt(escaped ? 1 : 0) ?? 0);
    const bracket = !escaped && char === '[' ? parseClass(rest) : undefined;
    if (bracket !== undefined) tokens.push(bracket.test);
    else if (!escaped && char === '*') tokens.push('*');
    else if (!escaped && char === '?') tokens.push(() => true);
    else tokens.push((other) => other === char);
    rest = rest.slice(bracket?.length ?? char.length + (escaped ? 1 : 0));
  }
  return tokens;
}

/** `a{b,c}` → `ab`, `ac`; the innermost braces first. Braces without a comma stand for themselves. */
function expandBraces(pattern: string): string[] {
  const expanded: string[] = [];
  for (const waiting = [pattern]; waiting.length > 0;) {
    const next = waiting.pop() ?? '';
    const match = /^(.*)\{([^{}]*,[^{}]*)\}(.*)$/s.exec(next);
    if (match === null) expanded.push(next);
    else waiting.push(...(match[2] ?? '').split(',').map((choice) => `${match[1]}${choice}${match[3]}`));
    if (expanded.length + waiting.length > MAX_ALTERNATIVES) throw new Error(`must have at most ${MAX_ALTERNATIVES} alternatives`);
  }
  return expanded;
}

function compile(pattern: string): (names: readonly string[]) => boolean {
  if (pattern === '') throw new Error('must not be empty');
  if (pattern.length > MAX_PATTERN_LENGTH) throw new Error(`must have at most ${MAX_PATTERN_LENGTH} characters`);
  const alternatives = expandBraces(pattern).map((alternative) => alternative.split('/').map(parseSegment));
  const matchesName = (name: string, tokens: readonly CharToken[]): boolean =>
    matchStars<string, CharToken, '*'>([...name], tokens, '*', (char, test) => test(char));
  return (names) =>
    alternatives.some((segments) =>
      matchStars<string, SegmentToken, '**'>(
        segments.length === 1 && segments[0] !== '**' ? names.slice(-1) : names,
        segments,
        '**',
        matchesName,
      ),
    );
}

/**
 * Whether a path matches one of the globs: `*`, `?`, `[…]`, `{a,b}`, `**` for any number of directories, `\` before a character.
 *
 * A pattern without a slash is matched with the last name, at any depth. Names that begin with a dot are like others.
 *
 * @throws GatewayError INVALID_ARGUMENT naming the pattern
 */
export function compileGlobs(field: string, patterns: readonly string[]): (path: string) => boolean {
  const globs = patterns.map((pattern, index) => {
    try {
      return compile(pattern);
    } catch (error) {
      throw GatewayError.invalid(`${field}[${index}]`, error instanceof Error ? error.message : 'is no glob');
    }
  });
  return (path) => {
    const names = path.split('/');
    return globs.some((matches) => matches(names));
  };
}
