const common = {
  json: { type: 'boolean' },
  quiet: { type: 'boolean', short: 'q' },
  'env-file': { type: 'string' },
} as const;

const message = {
  ...common,
  content: { type: 'string', short: 'c' },
  sender: { type: 'string' },
  'dry-run': { type: 'boolean' },
  price: { type: 'string' },
} as const;

/** The options of each command, as `parseArgs` takes them. */
export const FLAGS = {
  send: { ...message, to: { type: 'string', multiple: true } },
  bulk: {
    ...message,
    column: { type: 'string' },
    'order-id-column': { type: 'string' },
    journal: { type: 'string' },
    concurrency: { type: 'string' },
    'request-size': { type: 'string' },
    duplicates: { type: 'string' },
    'requests-per-second': { type: 'string' },
    'recipients-per-second': { type: 'string' },
  },
  reports: common,
  balance: common,
} as const;
