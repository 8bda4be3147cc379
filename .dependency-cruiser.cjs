/** Who may import whom. Each rule is a sentence of CONTRIBUTING.md. */
const services =
  '(\\.service|\\.hub|-feed|\\.model|\\.queue|\\.reconciler|turn|turn\\.[a-z]+|\\.access|-presence|-ring|-part|-memory|\.watch|-assembler|\\.parts|-tree|-listing|-writing|-journal|confined-directory|ripgrep)\\.ts$';
/** Modules stand in ranks and import only downward. Models and mappers are pure and may be read from anywhere. */
const ranks = [
  ['agent', 'command', 'project', 'provider'],
  ['session'],
  ['file'],
  ['event'],
  ['permission', 'question'],
  ['ask', 'health', 'message'],
  ['auth', 'workspace'],
  ['a2a'],
];
const pure = '\\.(model|mapper)\\.ts$';

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    { name: 'common-imports-no-module', severity: 'error', from: { path: '^src/common' }, to: { path: '^src/modules' } },
    {
      name: 'services-know-no-transport',
      severity: 'error',
      from: { path: `^src/modules/.*${services}` },
      to: { path: '(controller\\.ts$|\\.dto\\.ts$|generated/|^src/common/(grpc|http)/|fastify|@grpc|@nestjs/microservices)' },
    },
    {
      name: 'controllers-ask-their-service',
      severity: 'error',
      from: { path: 'controller\\.ts$' },
      to: { path: '^src/common/opencode' },
    },
    {
      name: 'upstream-types-end-at-the-mappers',
      severity: 'error',
      from: {
        path: '^src/modules',
        pathNot: [
          '\\.mapper\\.ts$',
          '^src/modules/event/event\\.(intake|history)\\.ts$',
          '^src/modules/session/session\\.service\\.ts$',
          '^src/modules/message/prompt\\.service\\.ts$',
          '\\.spec\\.ts$',
        ],
      },
      to: { path: 'opencode\\.((catalogue|prompt)\\.)?types\\.ts$' },
    },
    {
      name: 'no-foreign-controllers',
      severity: 'error',
      from: { path: '^src/modules/([^/]+)/' },
      to: { path: '(controller|dto)\\.ts$', pathNot: '^src/modules/$1/' },
    },
    ...ranks.slice(0, -1).map((rank, index) => ({
      name: `ranks-import-downward-${rank.join('-')}`,
      severity: 'error',
      from: { path: `^src/modules/(${rank.join('|')})/`, pathNot: pure },
      to: {
        path: `^src/modules/(${ranks
          .slice(index + 1)
          .flat()
          .join('|')})/`,
        pathNot: pure,
      },
    })),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { extensions: ['.ts', '.js'] },
  },
};
