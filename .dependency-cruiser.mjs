// The rooms of nestjs-laaffic and their ranks: a file imports its own room and rooms of lower rank.
const library = 'libs/laaffic/src/';
const rooms = [
  { rank: 0, files: 'clock\\.ts' },
  { rank: 0, files: 'randomness\\.ts' },
  { rank: 1, files: 'messages/' },
  { rank: 1, files: 'rate/' },
  { rank: 1, files: 'segments/' },
  { rank: 2, files: 'errors/(?!laaffic-exception\\.filter)' },
  { rank: 2, files: 'signing/' },
  { rank: 3, files: 'options/' },
  { rank: 4, files: 'gateway/' },
  { rank: 5, files: 'bulk/' },
  { rank: 6, files: 'sms\\.service\\.ts' },
  { rank: 6, files: 'sms-token\\.ts' },
  { rank: 6, files: 'webhooks/' },
  { rank: 6, files: 'errors/laaffic-exception\\.filter\\.ts' },
  { rank: 7, files: 'laaffic\\.module(-definition)?\\.ts' },
  { rank: 7, files: 'commands/' },
  { rank: 7, files: 'health/' },
  { rank: 7, files: 'telemetry/' },
  { rank: 8, files: 'testing/' },
  { rank: 8, files: 'index\\.ts' },
];
// The same for nestjs-laaffic-outbox; its embedded server is a house of its own.
const outbox = 'libs/laaffic-outbox/src/';
const outboxRooms = [
  { rank: 0, files: '(clock|bell|outages|database-failure|outbox\\.error|transaction|command-checks)\\.ts' },
  { rank: 0, files: 'embedded/' },
  { rank: 1, files: 'options/' },
  { rank: 2, files: 'ledger/' },
  { rank: 3, files: '(worker|reports|campaigns|events)/' },
  { rank: 4, files: 'sms-(outbox|campaigns)\\.ts' },
  { rank: 5, files: 'laaffic-outbox\\.module(-definition)?\\.ts' },
  { rank: 5, files: 'health/' },
  { rank: 5, files: 'telemetry/' },
  { rank: 6, files: 'index\\.ts' },
];

const ranksOf = (folder, all) => {
  const path = (room) => `^${folder}${room.files}`;
  return [
    ...all.slice(0, -1).map((room) => ({
      name: `rank ${room.rank}: ${folder}${room.files}`,
      severity: 'error',
      from: { path: path(room), pathNot: '\\.spec\\.ts$' },
      to: { path: all.filter((other) => other !== room && other.rank >= room.rank).map(path) },
    })),
    {
      name: `every file of ${folder} has a room`,
      severity: 'error',
      from: {},
      to: { path: `^${folder}`, pathNot: [...all.map(path), '\\.spec\\.ts$'] },
    },
  ];
};

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...ranksOf(library, rooms),
    ...ranksOf(outbox, outboxRooms),
    {
      name: 'the outbox imports the module by its name',
      severity: 'error',
      from: { path: '^libs/laaffic-outbox/src/' },
      to: {
        path: '^libs/(?!laaffic-outbox/)',
        pathNot: ['^libs/laaffic/src/index\\.ts$', '^libs/laaffic/src/[^/]+/index\\.ts$'],
      },
    },
    {
      name: 'the module knows nothing of the outbox',
      severity: 'error',
      from: { path: '^libs/(?!laaffic-outbox/)' },
      to: { path: '^libs/laaffic-outbox/' },
    },
    { name: 'no cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'everything resolves', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'the sandbox imports nothing of ours',
      severity: 'error',
      from: { path: '^libs/laaffic-sandbox/' },
      to: { path: '^(libs/(?!laaffic-sandbox/)|src/)' },
    },
    {
      name: 'the command line imports the other packages by their names',
      severity: 'error',
      from: { path: '^libs/laaffic-cli/src/' },
      to: { path: '^libs/(?!laaffic-cli/)', pathNot: '^libs/laaffic(-sandbox)?/src/index\\.ts$' },
    },
    {
      name: 'the rooms of the command line know nothing of its commands',
      severity: 'error',
      from: { path: '^libs/laaffic-cli/src/(arguments|account|input|journal|output)/' },
      to: { path: '^libs/laaffic-cli/src/(commands/|run\\.ts|cli\\.ts)' },
    },
    {
      name: 'nobody imports the command line',
      severity: 'error',
      from: { pathNot: '^(libs/laaffic-cli|test)/' },
      to: { path: '^libs/laaffic-cli/' },
    },
    {
      name: 'packages import only what their package.json names',
      severity: 'error',
      from: { path: '^libs/', pathNot: '\\.spec\\.ts$' },
      // An optional peer is `npm-no-pkg` too, for its entry in `peerDependenciesMeta`.
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['npm-peer'] },
    },
    {
      name: 'packages know nothing of the service',
      severity: 'error',
      from: { path: '^libs/' },
      to: { path: '^src/' },
    },
    {
      name: 'nobody imports an entry from inside',
      severity: 'error',
      from: { path: '^libs/([^/]+)/src/', pathNot: '\\.spec\\.ts$' },
      to: { path: ['^libs/$1/src/index\\.ts$', '^libs/$1/src/[^/]+/index\\.ts$'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
      extensions: ['.ts', '.js', '.mjs', '.json'],
    },
  },
};
