import { EXIT_CODE_MEANINGS } from './exit-codes.js';

export const HELP = `laaffic: send SMS through Laaffic

  laaffic send --to <number>... --content <text>
  laaffic bulk <numbers.csv|numbers.txt|numbers.jsonl|-> --content <text>
  laaffic reports <msgId>... | -
  laaffic balance
  laaffic outbox migrate | status | plan | rollback <version>
  laaffic outbox held | pause [lane] | resume [lane] | drain
  laaffic outbox restored --backup-at <time> | erase <number>

send, bulk
  -c, --content <text>                 text of 1 to 1024 characters; - reads it from stdin
      --to <number>                    recipient with country code; more numbers may follow (send only)
      --sender-id <id>                 sender's number or name (default LAAFFIC_SENDER_ID)
      --dry-run                        count recipients, invalid rows, duplicates and parts; send nothing
      --price-per-part <amount>        with --dry-run: estimate the cost

bulk
      --number-column <name|place>     column of the numbers (default number, phone, mobile, msisdn or to)
      --order-id-column <name|place>   column of your order ids, or none (default orderId)
      --encoding <name>                encoding of the input, such as gbk (default utf-8, or its byte order mark)
      --duplicates keep|drop|reject    what to do with a repeated number (default keep)
      --journal <file>                 file to resume from (default <input>.laaffic.jsonl; for stdin none)
      --concurrency <count>            requests in flight at once (default 4)
      --batch-size <count>             recipients in one request (default 1000)
      --requests-per-second <number>   rate limit (default none)
      --recipients-per-second <number> rate limit (default none)

outbox: operate nestjs-laaffic-outbox on the PostgreSQL of DATABASE_URL; needs nestjs-laaffic-outbox and pg
  migrate                              bring the schema to the version of the installed release
  status                               print the version, what waits, and what is paused
  plan                                 print the SQL of the versions that migrate would apply
  rollback <version>                   take back newer versions that are not breaking
  held                                 list recipients on hold, which need a manual decision
  pause, resume [priority|bulk]        stop or continue a lane for all workers, or both lanes
  drain                                pause both lanes and wait until no request is in flight
  restored                             after a restore, before any process starts: what was due counts as unknown
  erase <number>                       remove a person's number from everything that is finished
      --schema <name>                  schema of the tables (default laaffic_outbox)
      --account <app id>               account, if the schema has several (not for the schema commands)
      --actor <name>                   who does it, for the history (pause, resume, drain, erase; default laaffic-cli)
      --reason <text>                  why, for the history (pause, drain)
      --show-numbers                   print whole numbers (held)
      --backup-at <time>               when the backup started, such as 2026-11-30T02:00:00Z (restored)
      --not-started <id,id>            campaigns that were certainly not started since then (restored)

all commands
      --env-file <file>                read LAAFFIC_* and DATABASE_URL from a file; the environment wins
      --json                           print JSON; bulk and outbox held print JSON Lines
  -q, --quiet                          print no progress
  -h, --help                           print this help
      --version                        print the version

Account: set LAAFFIC_APP_ID, LAAFFIC_API_KEY and LAAFFIC_API_SECRET in the environment, and LAAFFIC_BASE_URL for another
platform. Credentials are never arguments because other users could read them. Without an account, the command sends to
a sandbox, which delivers no SMS: its own, or the one on this machine that LAAFFIC_BASE_URL names.

Resume: run the same bulk command again after an interruption; no row is sent twice. Ctrl+C lets the requests in
flight finish; a second Ctrl+C exits at once.

Exit codes
${EXIT_CODE_MEANINGS.map(([code, meaning]) => `  ${String(code).padEnd(4)} ${meaning}`).join('\n')}
`;

/** The text that `--help` or `--version` prints. @returns `undefined` for a command. */
export function requestedText(argv: readonly string[], version: string): string | undefined {
  const flags = flagsOf(argv);
  if (argv.length === 0 || argv[0] === 'help' || flags.includes('--help') || flags.includes('-h')) return HELP;
  return argv[0] === '--version' ? `${version}\n` : undefined;
}

/** The arguments before `--`. */
export function flagsOf(argv: readonly string[]): readonly string[] {
  return argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv;
}
