import { QueryBoolean } from '../../common/http/query-fields.js';

/** The query of a list that can be CSV. */
export class ListQueryDto {
  @QueryBoolean(
    'CSV puts an apostrophe before `=`, `+`, `-` and `@`, where a spreadsheet would start a formula; uploads remove it ' +
      'again. `true` leaves the texts as they are, for programs. NDJSON never changes them.',
  )
  raw?: boolean;
}
