import type { ProbedSchema } from './schema-probe.js';
import { judge } from './verdict.js';

const SCHEMA = 'The schema of verifications is not one that this release can work with';
const REJECTED = 'The database of verifications rejects statements';

describe('the verdict', () => {
  it.each<[ProbedSchema, boolean, object]>([
    [undefined, true, {}],
    [
      'OUTBOX_DATABASE_UNAVAILABLE',
      false,
      {
        code: 'VERIFY_HEALTH_DATABASE',
        message: 'The database of verifications did not respond',
        advice: 'No verification can be started or checked until it does. Check the database and the network.',
      },
    ],
    [
      'OUTBOX_SCHEMA_MISSING',
      false,
      {
        ...{ code: 'VERIFY_HEALTH_SCHEMA', message: SCHEMA, failure: 'OUTBOX_SCHEMA_MISSING' },
        advice: 'Run migrateVerification, or restore the schema.',
      },
    ],
    [
      'OUTBOX_SCHEMA_TOO_NEW',
      false,
      {
        ...{ code: 'VERIFY_HEALTH_SCHEMA', message: SCHEMA, failure: 'OUTBOX_SCHEMA_TOO_NEW' },
        advice: 'A newer release has changed the schema. Run that release, or restore a backup.',
      },
    ],
    ...(['OUTBOX_DATABASE_DENIED', 'OUTBOX_DATABASE_REJECTED'] as const).map(
      (failure): [ProbedSchema, boolean, object] => [
        failure,
        false,
        {
          ...{ code: 'VERIFY_HEALTH_REJECTED', message: REJECTED, failure },
          advice: 'See the log of the database server for the rejected statement, and docs/operations.md, Roles.',
        },
      ],
    ),
  ])('about %s', (probed, isUp, data) => {
    expect(judge(probed)).toEqual({ isUp, data });
  });
});
