import { createFileRegistry, fromBinary, ScalarType, type DescField, type DescMethod, type FileRegistry } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import protobuf from 'protobufjs';

/** What a seed fixes, a line of text for each message, field, enum, value, service and method. */
export type Fixed = Map<string, string>;

/** A proto file, or a part of one that a document quotes. */
export interface Source {
  readonly package: string;
  readonly text: string;
}

/** The proto code blocks of a Markdown document. A block without a package goes on with that of the block before. */
export function protoBlocks(markdown: string): Source[] {
  let current = '';
  return [...markdown.matchAll(/^```protobuf\n(.*?)^```/gms)].map(([, text = '']) => {
    current = packageOf(text) ?? current;
    return { package: current, text };
  });
}

export function packageOf(text: string): string | undefined {
  return /^package ([\w.]+);/m.exec(text)?.[1];
}

const SCALARS = new Map(Object.entries(ScalarType).map(([name, value]) => [value, name.toLowerCase()]));

/** Reads the sources with a parser that resolves nothing: a document's blocks need not compile. */
export class Seed {
  readonly fixed: Fixed = new Map();
  readonly messages = new Set<string>();
  readonly enums = new Set<string>();
  readonly services = new Set<string>();
  readonly methods = new Set<string>();

  constructor(sources: readonly Source[]) {
    const parts = sources.map((source) => ({ scope: source.package, content: parse(source) }));
    // Names first: a type may stand in a later block.
    for (const { scope, content } of parts) this.collect(scope, content, (name) => this.fixed.set(name, ''));
    for (const { scope, content } of parts) this.collect(scope, content, (name, one) => this.read(name, one));
  }

  private collect(scope: string, parent: protobuf.NamespaceBase, visit: (name: string, one: protobuf.ReflectionObject) => void): void {
    for (const one of parent.nestedArray) {
      const name = `${scope}.${one.name}`;
      visit(name, one);
      if (one instanceof protobuf.Type) {
        this.messages.add(name);
        this.collect(name, one, visit);
      } else if (one instanceof protobuf.Enum) this.enums.add(name);
      else if (one instanceof protobuf.Service) this.services.add(name);
    }
  }

  private read(name: string, one: protobuf.ReflectionObject): void {
    if (one instanceof protobuf.Type) for (const field of one.fieldsArray) this.fix(`${name}.${field.name}`, this.fieldLine(name, field));
    if (one instanceof protobuf.Enum)
      for (const [value, number] of Object.entries(one.values)) this.fix(`${name}.${value}`, String(number));
    if (one instanceof protobuf.Service)
      for (const method of one.methodsArray) {
        const types = [this.resolve(name, method.requestType), this.resolve(name, method.responseType)];
        this.methods.add(`${name}.${method.name}`);
        this.fix(`${name}.${method.name}`, methodLine(types, method.requestStream === true, method.responseStream === true));
      }
  }

  /** A document may say a thing twice, but not two things. */
  private fix(name: string, line: string): void {
    const before = this.fixed.get(name);
    if (before !== undefined && before !== line) throw new Error(`the seed says two things of ${name}: ${before}, ${line}`);
    this.fixed.set(name, line);
  }

  private fieldLine(message: string, field: protobuf.Field): string {
    return fieldLine(field.id, labelOf(field), this.resolve(message, field.type));
  }

  /** The full name of a type: of the nearest scope, as protobuf says, else the only one that is so called in the seed. */
  private resolve(scope: string, type: string): string {
    if (type in protobuf.types.basic) return type;
    const parts = scope.split('.');
    for (let depth = parts.length; depth > 0; depth -= 1) {
      const name = [...parts.slice(0, depth), type].join('.');
      if (this.fixed.has(name)) return name;
    }
    const elsewhere = [...this.fixed.keys()].filter((name) => name.endsWith(`.${type}`) && this.isType(name));
    if (elsewhere.length === 1) return elsewhere[0] ?? type;
    // `Empty` of the aggregate is in none of its imports alone; the repaired contract gives its package one.
    return type === 'Empty' ? `${parts.slice(0, -1).join('.')}.Empty` : type;
  }

  private isType(name: string): boolean {
    return this.messages.has(name) || this.enums.has(name);
  }
}

function parse(source: Source): protobuf.NamespaceBase {
  const { root } = protobuf.parse(source.text, new protobuf.Root(), { keepCase: true });
  const content = root.lookup(source.package);
  return content instanceof protobuf.Namespace ? content : root;
}

function labelOf(field: protobuf.Field): string {
  if (field instanceof protobuf.MapField) return `map<${field.keyType}>`;
  if (field.repeated) return 'repeated';
  if (field.options?.['proto3_optional'] === true) return 'optional';
  return field.partOf === null ? 'plain' : `oneof ${field.partOf.name}`;
}

function fieldLine(number: number, label: string, type: string): string {
  return `${number} ${label} ${type}`;
}

function methodLine([input = '', output = '']: readonly string[], takesStream: boolean, givesStream: boolean): string {
  return `${takesStream ? 'stream ' : ''}${input} → ${givesStream ? 'stream ' : ''}${output}`;
}

/** The same of a descriptor set, as a gateway serves it. */
export function servedContract(descriptorSet: Uint8Array): Fixed {
  const registry: FileRegistry = createFileRegistry(fromBinary(FileDescriptorSetSchema, descriptorSet));
  const fixed: Fixed = new Map();
  for (const desc of registry) {
    fixed.set(desc.typeName, '');
    if (desc.kind === 'message') for (const field of desc.fields) fixed.set(`${desc.typeName}.${field.name}`, servedField(field));
    if (desc.kind === 'enum') for (const value of desc.values) fixed.set(`${desc.typeName}.${value.name}`, String(value.number));
    if (desc.kind === 'service') for (const method of desc.methods) fixed.set(`${desc.typeName}.${method.name}`, servedMethod(method));
  }
  return fixed;
}

function servedField(field: DescField): string {
  const type = field.message?.typeName ?? field.enum?.typeName ?? SCALARS.get(field.scalar ?? ScalarType.STRING) ?? '';
  return fieldLine(field.number, servedLabel(field), type);
}

function servedLabel(field: DescField): string {
  if (field.fieldKind === 'map') return `map<${SCALARS.get(field.mapKey) ?? ''}>`;
  if (field.fieldKind === 'list') return 'repeated';
  if (field.proto.proto3Optional) return 'optional';
  return field.oneof === undefined ? 'plain' : `oneof ${field.oneof.name}`;
}

function servedMethod({ input, output, proto }: DescMethod): string {
  return methodLine([input.typeName, output.typeName], proto.clientStreaming, proto.serverStreaming);
}

/** What is missing or other than fixed; empty when the seed's clients can live with what is served. */
export function differences(fixed: Fixed, served: Fixed): string[] {
  return [...fixed].flatMap(([name, line]) => {
    const now = served.get(name);
    if (now === undefined) return [`${name} is missing`];
    return now === line ? [] : [`${name}: fixed as ${line}, served as ${now}`];
  });
}
