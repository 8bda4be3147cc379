/** What documentation and examples put where a secret belongs. No word is made of others: a long secret must not take long to read. */
const PLACEHOLDER =
  /^(?:your?|my|an?|the|this|some|here|is|to|me|it|changed?|replace|insert|put|please|default|example|sample|demo|dummy|test|placeholder|insecure|super|secrets?|tokens?|keys?|pass|password|passwd|access|bearer|auth|api|admin|root|user|opencode|gateway|value|string|x|\d)+$/;

/** Digits and an `a` or two are what a random number in hexadecimal may be. */
const WORD = /[a-z]{4}/;

/** What fingers do along a keyboard. */
const RUNS = ['0123456789abcdefghijklmnopqrstuvwxyz', '1234567890', 'abcdefghijklmnopqrstuvwxyz0123456789', 'qwertyuiopasdfghjklzxcvbnm'];
const RUNS_BOTH_WAYS = RUNS.flatMap((run) => [run, [...run].reverse().join('')]).map((run) => run.repeat(2));

const MIN_DIFFERENT_CHARACTERS = 6;

/** Why a secret is none although it is long enough; undefined when nothing is known against it. It is no measure of strength. */
export function weaknessOf(secret: string): string | undefined {
  const plain = secret.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '');
  if (new Set(secret).size < MIN_DIFFERENT_CHARACTERS) return `must have at least ${MIN_DIFFERENT_CHARACTERS} different characters`;
  if (/^(.{1,8})\1+$/su.test(secret)) return 'must not repeat itself';
  if (plain !== '' && RUNS_BOTH_WAYS.some((run) => run.includes(plain))) return 'must not count';
  return PLACEHOLDER.test(plain) && WORD.test(plain) ? 'must not be a placeholder' : undefined;
}
