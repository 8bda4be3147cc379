import { DockerfileParser, JSONInstruction, ModifiableInstruction, PropertyInstruction, type Instruction } from 'dockerfile-ast';

type Texts = Readonly<Record<string, string>>;

/** One instruction, its variables replaced by what they hold there. */
export interface Step {
  readonly keyword: string;
  /** What a shell would get of RUN; else the arguments as they stand. */
  readonly text: string;
  /** The arguments without flags; of the JSON form its strings. */
  readonly words: readonly string[];
  readonly flags: Texts;
  /** Of ENV and LABEL: names and values. */
  readonly properties: Texts;
}

export interface Stage {
  readonly name: string;
  /** Another stage by its name, or an image. */
  readonly base: string;
  readonly steps: readonly Step[];
}

/** What a container of the image starts with. */
export interface ImageConfig {
  readonly env: Texts;
  readonly labels: Texts;
  readonly user: string;
  readonly workdir: string;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly volumes: readonly string[];
  readonly ports: readonly string[];
  readonly healthcheck: Step | undefined;
}

const EMPTY: ImageConfig = {
  env: {},
  labels: {},
  user: '0:0',
  workdir: '/',
  entrypoint: [],
  command: [],
  volumes: [],
  ports: [],
  healthcheck: undefined,
};

/** The stages of a Dockerfile, built with the defaults of its arguments. */
export function parseStages(dockerfile: string): Stage[] {
  const stages: { name: string; base: string; steps: Step[] }[] = [];
  const globals: Record<string, string> = {};
  let variables: Record<string, string> = globals;
  for (const instruction of DockerfileParser.parse(dockerfile).getInstructions()) {
    const properties = propertiesOf(instruction, variables);
    if (instruction.getKeyword() === 'FROM') {
      const [base = '', , name = ''] = wordsOf(instruction);
      stages.push({ name, base: expand(base, globals), steps: [] });
      variables = {};
    } else if (instruction.getKeyword() === 'ARG') {
      for (const [name, value] of Object.entries(properties)) variables[name] = value === '' ? (globals[name] ?? '') : value;
    } else {
      if (instruction.getKeyword() === 'ENV') Object.assign(variables, properties);
      stages.at(-1)?.steps.push(toStep(instruction, properties));
    }
  }
  return stages;
}

/** The stages that a stage is made of, the lowest first. */
export function lineageOf(stages: readonly Stage[], name: string): Stage[] {
  const stage = stages.find((one) => one.name === name);
  return stage === undefined ? [] : [...lineageOf(stages, stage.base), stage];
}

/** What the stage says of its containers, with all that it inherits. */
export function configOf(stages: readonly Stage[], name: string): ImageConfig {
  return lineageOf(stages, name)
    .flatMap(({ steps }) => steps)
    .reduce(withStep, EMPTY);
}

function withStep(config: ImageConfig, step: Step): ImageConfig {
  const { keyword, words, properties, text } = step;
  if (keyword === 'ENV') return { ...config, env: { ...config.env, ...properties } };
  if (keyword === 'LABEL') return { ...config, labels: { ...config.labels, ...properties } };
  if (keyword === 'USER') return { ...config, user: text };
  if (keyword === 'WORKDIR') return { ...config, workdir: text };
  // As builders have it: a command belongs to the entrypoint before it.
  if (keyword === 'ENTRYPOINT') return { ...config, entrypoint: words, command: [] };
  if (keyword === 'CMD') return { ...config, command: words };
  if (keyword === 'VOLUME') return { ...config, volumes: [...config.volumes, ...words] };
  if (keyword === 'EXPOSE') return { ...config, ports: [...config.ports, ...words] };
  if (keyword === 'HEALTHCHECK') return { ...config, healthcheck: step };
  return config;
}

function toStep(instruction: Instruction, properties: Texts): Step {
  const flags = instruction instanceof ModifiableInstruction ? instruction.getFlags() : [];
  return {
    keyword: instruction.getKeyword(),
    text: instruction.getArgumentsContent() ?? '',
    words: wordsOf(instruction),
    flags: Object.fromEntries(flags.map((flag) => [flag.getName(), flag.getValue() ?? ''])),
    properties,
  };
}

function wordsOf(instruction: Instruction): string[] {
  const text = instruction.getArgumentsContent() ?? '';
  // HEALTHCHECK has its command behind the word CMD.
  const json = instruction instanceof JSONInstruction || instruction.getKeyword() === 'HEALTHCHECK' ? /\[.*\]$/s.exec(text) : null;
  return json === null ? text.split(/\s+/) : (JSON.parse(json[0]) as string[]);
}

function propertiesOf(instruction: Instruction, variables: Texts): Texts {
  if (!(instruction instanceof PropertyInstruction)) return {};
  const properties = instruction.getProperties().map((one) => [one.getName(), expand(one.getValue() ?? '', variables)] as const);
  return Object.fromEntries(properties);
}

function expand(text: string, variables: Texts): string {
  return text.replaceAll(/\$\{(\w+)\}/g, (_, name: string) => variables[name] ?? '');
}
