/** A JSON schema, or a part of one. */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
}

interface ValuesSchema extends JsonSchema {
  readonly properties: Readonly<Record<string, JsonSchema>>;
}

/** What parts of other schemas are called in that of the values. */
export type Definitions = Readonly<Record<string, JsonSchema>>;

/** Of a setting that has no value of its own; the gateway itself says what is wrong with it. */
const SETTING = { type: ['string', 'number', 'boolean'] };

function referencesIn(schema: unknown): string[] {
  return [...JSON.stringify(schema).matchAll(/"#\/definitions\/([^"]+)"/g)].map(([, name = '']) => name);
}

/** The definitions that are used, and those that these use. */
function reachable(schema: JsonSchema, definitions: Definitions): Definitions {
  const used = new Map<string, JsonSchema>();
  const waiting = referencesIn(schema);
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const definition = definitions[name];
    if (definition === undefined) throw new Error(`values.schema.json names ${name}, which is not defined`);
    if (used.has(name)) continue;
    used.set(name, definition);
    waiting.push(...referencesIn(definition));
  }
  return Object.fromEntries([...used].sort(([left], [right]) => (left < right ? -1 : 1)));
}

/**
 * values.schema.json as it should stand: as it is written, with the names of the settings, and with the schemas of what goes to
 * Kubernetes as it is. One definition a line.
 */
export function completedValuesSchema(text: string, settings: readonly string[], definitions: Definitions): string {
  const written = JSON.parse(text) as ValuesSchema;
  const properties = Object.fromEntries([...settings].sort().map((name) => [name, SETTING]));
  const schema = {
    ...written,
    properties: { ...written.properties, settings: { type: 'object', additionalProperties: false, properties } },
    definitions: undefined,
  };
  const lines = Object.entries(reachable(schema, definitions)).map(([name, definition]) => `    "${name}": ${JSON.stringify(definition)}`);
  return `${JSON.stringify(schema, null, 2).replace(/\n}$/, '')},\n  "definitions": {\n${lines.join(',\n')}\n  }\n}\n`;
}
