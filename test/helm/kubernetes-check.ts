import { Ajv, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import { closed, readExtensions, readKubernetesSchemas } from './generated.js';
import type { KubernetesObject } from './release.js';

/** Go's patterns may begin with a switch, `(?i)`, also inside `^`. */
const goPattern = Object.assign(
  (pattern: string, flags: string) => {
    const plain = pattern.replace('(?i)', '');
    return new RegExp(plain, plain === pattern ? flags : `${flags}i`);
  },
  { code: 'goPattern' },
);

/** Tells what a cluster would not take of an object, unknown fields among it. */
export class KubernetesCheck {
  private readonly byKind = new Map<string, ValidateFunction>();

  constructor() {
    const ajv = new Ajv({ strict: false, allErrors: true, code: { regExp: goPattern } });
    addFormats.default(ajv);
    // Kubernetes' own: the API server looks at the values.
    for (const format of ['int-or-string', 'quantity', 'dns-label']) ajv.addFormat(format, true);
    const { kinds, definitions } = readKubernetesSchemas();
    ajv.addSchema({ $id: 'kubernetes', definitions });
    for (const [kind, name] of Object.entries(kinds)) {
      this.byKind.set(kind, ajv.compile({ $ref: `kubernetes#/definitions/${name}` }));
    }
    for (const { spec } of readExtensions()) {
      const [version] = spec.versions;
      if (version === undefined) throw new Error(`${spec.names.kind} has no version`);
      this.byKind.set(`${spec.group}/${version.name}/${spec.names.kind}`, ajv.compile(extended(version.schema.openAPIV3Schema)));
    }
  }

  /** One line for each fault; none when the object is good. */
  faultsOf(object: KubernetesObject): string[] {
    const kind = `${object.apiVersion}/${object.kind}`;
    const validate = this.byKind.get(kind);
    if (validate === undefined) return [`${kind} is not among the schemas`];
    validate(object);
    return (validate.errors ?? []).map(({ instancePath, message, params }) => {
      return `${kind} ${object.metadata.name}: ${instancePath} ${message} ${JSON.stringify(params)}`;
    });
  }
}

/** The API server knows the metadata of every object; an extension says no more of it than that it is there. */
function extended(schema: object): object {
  const { properties, ...rest } = closed(schema) as { readonly properties: object };
  return {
    ...rest,
    properties: { ...properties, metadata: { $ref: 'kubernetes#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' } },
  };
}
