import { FUNCTIONS } from '../../libs/laaffic-outbox/src/sql/generated.js';

const NAMES = [...FUNCTIONS.text.matchAll(/create function outbox\.(\w+)_[0-9a-f]{8}\(/g)].map(([, name = '']) => name);
const CALL = new RegExp(`\\b(${NAMES.join('|')})(?=\\()`, 'g');

/** A statement that calls functions of the outbox by their names in `sql/functions`, as this release calls them. */
export function withFunctions(sql: string): string {
  return sql.replaceAll(CALL, `$1_${FUNCTIONS.digest}`);
}
