/** Shorter values are words that may stand in any line, and no secrets. */
const MIN_SECRET_LENGTH = 8;

/** How variables, settings and fields are called whose values are secrets. */
const SECRET_NAME = /key|token|secret|passw(or)?d|passphrase|credential|authorization|cookie|dsn$/i;
/** What such a name may end in when the value only says where a secret is. */
const POINTER_NAME = /_(FILE|PATH|DIR|ID)$/i;
/** Parts of OpenCode's configuration in which every value may be a secret. */
/** OpenTelemetry's headers, which show collectors who we are: `name=value,name=value`. */
const HEADERS_NAME = /^OTEL_EXPORTER_OTLP_(\w+_)?HEADERS$/;
const SECRET_SECTION = /^(headers|environment|env)$/i;

/** Folders of the host, told by the names of the variables that lead there. */
const PLACES = ['HOME', 'XDG_DATA_HOME', 'XDG_STATE_HOME', 'XDG_CACHE_HOME', 'XDG_CONFIG_HOME', 'TMPDIR'];
/** `/` and its like stand in every path. */
const MIN_PLACE_LENGTH = 4;

/** Secrets that nobody told us of, by their shape. A log line is JSON: what is found is replaced by what breaks no string. */
const SHAPES: readonly (readonly [RegExp, string])[] = [
  [/\b(Bearer|Basic) +[\w.~+/=-]{8,}/gi, '$1 [redacted]'],
  [/(\w:\/\/)[^\s/@"'\\]+@/g, '$1[redacted]@'],
  [/([?&][\w-]*(?:token|key|secret|password|auth)[\w-]*=)[^&\s"'\\]+/gi, '$1[redacted]'],
  [/("[\w-]*(?:api_?key|token|secret|password|authorization)[\w-]*\\?": *\\?")[^"\\]+/gi, '$1[redacted]'],
  [/\b(?:sk-[\w-]{16,}|gh[pousr]_\w{20,}|xox[abprs]-[\w-]{10,}|AKIA[0-9A-Z]{16}|AIza[\w-]{30,})/g, '[redacted]'],
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]+/g, '[redacted]'],
];

/**
 * Takes out of log lines what must not stand there: the values of secrets that are known from the environment, whatever
 * looks like one, and where on the host things are.
 *
 * Made once; a line costs one pass for all known values and one for each shape. Nothing but log lines goes through it.
 */
export class LogScrubber {
  private readonly replacements = new Map<string, string>();
  private readonly known: RegExp;

  constructor(environment: NodeJS.ProcessEnv) {
    for (const [name, value = ''] of Object.entries(environment)) for (const secret of secretsIn(name, value)) this.learn(name, secret);
    for (const name of PLACES) this.learnPlace(name, environment[name] ?? '');
    // The longest first, for one may begin with another.
    const values = [...this.replacements.keys()].sort((left, right) => right.length - left.length).map(escapeForRegExp);
    this.known = values.length === 0 ? /(?!)/g : new RegExp(values.join('|'), 'g');
  }

  scrub(line: string): string {
    const known = line.replace(this.known, (value) => this.replacements.get(value) ?? '');
    return SHAPES.reduce((text, [shape, replacement]) => text.replace(shape, replacement), known);
  }

  /** A value as it may stand in a line: as it is, in JSON, in a URL and in base64. */
  private learn(name: string, secret: string): void {
    if (secret.length < MIN_SECRET_LENGTH) return;
    const codings = [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret), Buffer.from(secret).toString('base64')];
    for (const coded of codings) this.replacements.set(coded, `[${name}]`);
  }

  private learnPlace(name: string, path: string): void {
    if (path.startsWith('/') && path.length >= MIN_PLACE_LENGTH && !this.replacements.has(path)) this.replacements.set(path, `$${name}`);
  }
}

/** Whether a variable of this name holds a secret. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name) && !POINTER_NAME.test(name);
}

function secretsIn(name: string, value: string): string[] {
  const inside = [...secretsOfJson(value), ...secretsOfUrl(value), ...(HEADERS_NAME.test(name) ? secretsOfHeaders(value) : [])];
  return isSecretName(name) ? [value, ...inside] : inside;
}

/** OpenCode takes its configuration and its credentials as JSON. */
function secretsOfJson(value: string): string[] {
  if (!/^\s*[[{]/.test(value)) return [];
  try {
    return secretsWithin(JSON.parse(value), false);
  } catch {
    return [];
  }
}

function secretsWithin(value: unknown, isSecret: boolean): string[] {
  if (typeof value === 'string') return isSecret ? [value] : secretsOfUrl(value);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    secretsWithin(inner, isSecret || SECRET_SECTION.test(key) || (SECRET_NAME.test(key) && typeof inner === 'string')),
  );
}

function secretsOfHeaders(value: string): string[] {
  const coded = value.split(',').map((header) => header.slice(header.indexOf('=') + 1).trim());
  return coded.flatMap((secret) => [secret, secret.replaceAll('%20', ' ').replace(/^\w+ /, '')]);
}

function secretsOfUrl(value: string): string[] {
  if (!value.includes('://') || !URL.canParse(value)) return [];
  const { username, password } = new URL(value);
  return [username, password].filter((part) => part !== '').map(decodeURIComponent);
}

function escapeForRegExp(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
