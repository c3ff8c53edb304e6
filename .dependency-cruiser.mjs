// The rooms of nestjs-laaffic and their ranks: a file imports its own room and rooms of lower rank.
const library = 'libs/laaffic/src/';
const rooms = [
  { rank: 0, files: '(client-address|clock|randomness|on-abort|exact-json|linked-queue|loopback)\\.ts' },
  { rank: 1, files: 'messages/' },
  { rank: 1, files: 'rate/' },
  { rank: 1, files: 'segments/' },
  { rank: 2, files: 'errors/(?!laaffic-exception\\.filter)' },
  { rank: 2, files: 'signing/' },
  { rank: 3, files: 'options/' },
  { rank: 4, files: 'connection/' },
  { rank: 5, files: 'gateway/http/' },
  { rank: 5, files: 'gateway/protocol/' },
  { rank: 6, files: 'gateway/traffic/' },
  { rank: 7, files: 'gateway/request-loop\\.ts' },
  { rank: 8, files: 'gateway/send/' },
  { rank: 8, files: 'gateway/query/' },
  { rank: 9, files: 'bulk/' },
  { rank: 10, files: 'sms\\.service\\.ts' },
  { rank: 10, files: 'receipt-serialization\\.ts' },
  { rank: 10, files: 'webhooks/' },
  { rank: 10, files: 'errors/laaffic-exception\\.filter\\.ts' },
  { rank: 11, files: 'sms-token\\.ts' },
  { rank: 12, files: 'laaffic\\.module(-definition)?\\.ts' },
  { rank: 12, files: 'commands/' },
  { rank: 12, files: 'recipient-files/' },
  { rank: 12, files: 'health/' },
  { rank: 12, files: 'telemetry/' },
  { rank: 13, files: 'testing/' },
  { rank: 13, files: 'index\\.ts' },
];
// The same for nestjs-laaffic-outbox.
const outbox = 'libs/laaffic-outbox/src/';
const outboxRooms = [
  { rank: 0, files: 'errors/' },
  { rank: 0, files: 'replies/' },
  { rank: 0, files: 'sql/' },
  { rank: 0, files: 'sql-transaction\\.ts' },
  { rank: 1, files: 'transactions/' },
  { rank: 1, files: 'options/' },
  { rank: 1, files: 'runtime/' },
  { rank: 2, files: 'database/' },
  { rank: 3, files: 'costs/' },
  { rank: 3, files: 'store/' },
  { rank: 3, files: 'templates/' },
  { rank: 4, files: 'messages/' },
  { rank: 4, files: 'reports/' },
  { rank: 4, files: 'worker/' },
  { rank: 5, files: 'campaigns/' },
  { rank: 6, files: 'events/' },
  { rank: 7, files: 'sms-(outbox|campaigns|costs|inbox|opt-outs|templates)\\.ts' },
  { rank: 8, files: 'outbox-tokens\\.ts' },
  { rank: 8, files: '(open-outbox|mark-outbox-restored)\\.ts' },
  { rank: 9, files: 'laaffic-outbox\\.module(-definition)?\\.ts' },
  { rank: 9, files: 'health/' },
  { rank: 9, files: 'telemetry/' },
  { rank: 9, files: 'extension/' },
  { rank: 10, files: 'testing/' },
  { rank: 10, files: 'index\\.ts' },
];
// The same for nestjs-laaffic-verify.
const verify = 'libs/laaffic-verify/src/';
const verifyRooms = [
  { rank: 0, files: 'errors/' },
  { rank: 0, files: 'sql/' },
  { rank: 1, files: 'numbers/' },
  { rank: 1, files: 'codes/' },
  { rank: 1, files: 'texts/' },
  { rank: 1, files: 'activity/' },
  { rank: 2, files: 'guard/' },
  { rank: 3, files: 'options/' },
  { rank: 3, files: 'request-rules\\.ts' },
  { rank: 3, files: 'store/' },
  { rank: 3, files: 'verification\\.ts' },
  { rank: 4, files: 'sms-verification\\.ts' },
  { rank: 4, files: 'fraud-guard\\.ts' },
  { rank: 4, files: 'events/' },
  { rank: 4, files: 'worker/' },
  { rank: 5, files: 'verify-tokens\\.ts' },
  { rank: 5, files: 'commands/' },
  { rank: 5, files: 'requests/' },
  { rank: 6, files: 'laaffic-verify\\.module(-definition)?\\.ts' },
  { rank: 6, files: 'health/' },
  { rank: 6, files: 'http/' },
  { rank: 6, files: 'telemetry/' },
  { rank: 7, files: 'testing/' },
  { rank: 7, files: 'index\\.ts' },
];
// The same for nestjs-embedded-postgres.
const embedded = 'libs/embedded-postgres/src/';
const embeddedRooms = [
  { rank: 0, files: '(embedded-postgres\\.(error|options)|server-folder)\\.ts' },
  { rank: 1, files: '(binaries|programs)\\.ts' },
  { rank: 2, files: 'cluster\\.ts' },
  { rank: 3, files: '(postmaster-pid|server-connection|server-process)\\.ts' },
  { rank: 4, files: 'server\\.ts' },
  { rank: 5, files: 'supervisor\\.ts' },
  { rank: 6, files: 'embedded-postgres\\.ts' },
  { rank: 7, files: 'embedded-postgres\\.module\\.ts' },
  { rank: 8, files: 'index\\.ts' },
];
// The same for laaffic-sandbox.
const sandbox = 'libs/laaffic-sandbox/src/';
const sandboxRooms = [
  { rank: 0, files: '(sandbox\\.error|parse-json|read-body)\\.ts' },
  { rank: 0, files: 'vendor/' },
  { rank: 1, files: 'history/' },
  { rank: 2, files: 'options/' },
  { rank: 3, files: 'protocol/' },
  { rank: 4, files: 'state/(account|delivery|script|timing)/' },
  { rank: 5, files: 'state/push/' },
  { rank: 6, files: 'state/(gateway|secrets)\\.ts' },
  { rank: 7, files: 'endpoints/queries/' },
  { rank: 7, files: 'endpoints/sending/' },
  { rank: 8, files: 'endpoints/endpoints\\.ts' },
  { rank: 8, files: 'control/' },
  { rank: 9, files: 'http/' },
  { rank: 10, files: 'laaffic-sandbox\\.ts' },
  { rank: 11, files: 'cli/' },
  { rank: 11, files: 'index\\.ts' },
  { rank: 12, files: 'cli\\.ts' },
];
// The same for laaffic-cli.
const commandLine = 'libs/laaffic-cli/src/';
const commandLineRooms = [
  { rank: 0, files: '(command-io|command\\.error|exit-codes|help)\\.ts' },
  { rank: 1, files: 'arguments/' },
  { rank: 1, files: 'input/' },
  { rank: 1, files: 'journal/' },
  { rank: 1, files: 'output/' },
  { rank: 2, files: 'account/' },
  { rank: 2, files: 'outbox/' },
  { rank: 3, files: 'commands/' },
  { rank: 4, files: 'run\\.ts' },
  { rank: 5, files: 'cli\\.ts' },
];

// The same for the service. Feature modules do not import each other, and share `recipients/`.
const service = 'src/';
const serviceRooms = [
  { rank: 0, files: 'common/' },
  { rank: 0, files: 'database/database-url\\.ts' },
  { rank: 0, files: 'sql/' },
  { rank: 1, files: 'configuration\\.ts' },
  { rank: 2, files: 'configuration\\.module\\.ts' },
  { rank: 2, files: 'database/(?!database-url)' },
  { rank: 3, files: 'gateway/' },
  { rank: 3, files: 'recipients/' },
  { rank: 4, files: 'account/' },
  { rank: 4, files: 'api-keys/' },
  { rank: 4, files: 'campaigns/' },
  { rank: 4, files: 'health/' },
  { rank: 4, files: 'held/' },
  { rank: 4, files: 'history/' },
  { rank: 4, files: 'inbound/' },
  { rank: 4, files: 'messages/' },
  { rank: 4, files: 'opt-outs/' },
  { rank: 4, files: 'pushes/' },
  { rank: 4, files: 'verifications/' },
  { rank: 5, files: 'app\\.module\\.ts' },
  { rank: 6, files: 'create-app\\.ts' },
  { rank: 6, files: '(start-failure|start-report|first-message)\\.ts' },
  { rank: 7, files: 'main\\.ts' },
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
    ...ranksOf(verify, verifyRooms),
    ...ranksOf(embedded, embeddedRooms),
    ...ranksOf(sandbox, sandboxRooms),
    ...ranksOf(service, serviceRooms),
    {
      name: 'only create-app and common/http know Express',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/(create-app\\.ts|common/http/)', '\\.spec\\.ts$'] },
      to: { path: 'node_modules/(@types/)?express/|node_modules/@nestjs/platform-express/' },
    },
    ...ranksOf(commandLine, commandLineRooms),
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
      name: 'verification imports the other packages by their names',
      severity: 'error',
      from: { path: '^libs/laaffic-verify/src/' },
      to: {
        path: '^libs/(?!laaffic-verify/)',
        pathNot: ['^libs/laaffic(-outbox)?/src/index\\.ts$', '^libs/laaffic(-outbox)?/src/[^/]+/index\\.ts$'],
      },
    },
    {
      name: 'the module knows nothing of the outbox',
      severity: 'error',
      from: {
        path: '^libs/(?!laaffic-(outbox|verify)/)',
        pathNot: '^libs/laaffic-cli/src/outbox/outbox-packages\\.ts$',
      },
      to: { path: '^libs/laaffic-outbox/' },
    },
    {
      name: 'the command line loads the outbox and pg on demand, because they are optional',
      severity: 'error',
      from: { path: '^libs/laaffic-cli/src/' },
      to: {
        path: '^libs/laaffic-outbox/|node_modules/(@types/)?pg/',
        dynamic: false,
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'adapters of transactions import only the form of a transaction',
      severity: 'error',
      from: { path: '^libs/laaffic-outbox/src/transactions/' },
      to: { pathNot: '^libs/laaffic-outbox/src/(sql-transaction\\.ts|transactions/(knex|kysely)\\.ts)$' },
    },
    {
      name: 'nobody imports an adapter of transactions from inside',
      severity: 'error',
      from: { path: '^libs/laaffic-outbox/src/', pathNot: '^libs/laaffic-outbox/src/transactions/' },
      to: { path: '^libs/laaffic-outbox/src/transactions/' },
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
      name: 'the embedded PostgreSQL imports nothing of ours',
      severity: 'error',
      from: { path: '^libs/embedded-postgres/' },
      to: { path: '^(libs/(?!embedded-postgres/)|src/)' },
    },
    {
      name: 'no library imports the embedded PostgreSQL',
      severity: 'error',
      from: { path: '^libs/(?!embedded-postgres/)' },
      to: { path: '^libs/embedded-postgres/' },
    },
    {
      name: 'the command line imports the other packages by their names',
      severity: 'error',
      from: { path: '^libs/laaffic-cli/src/' },
      to: {
        path: '^libs/(?!laaffic-cli/)',
        pathNot: '^libs/laaffic(-sandbox|-outbox)?/src/(recipient-files/)?index\\.ts$',
      },
    },
    {
      name: 'the command line loads Nest only for a command',
      severity: 'error',
      from: { path: '^libs/laaffic-cli/src/(cli|run|help|exit-codes)\\.ts$' },
      to: {
        dynamic: false,
        dependencyTypesNot: ['core', 'type-only'],
        pathNot: '^libs/laaffic-cli/src/(run|help|exit-codes)\\.ts$',
      },
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
