import type { HeldFilter } from 'nestjs-laaffic-outbox';
import { QueryInteger, QueryText } from '../../common/http/query-fields.js';
import { ListQueryDto } from '../../recipients/dto/list-query.dto.js';

/** A page of the recipients on hold, or all of them. */
export class HeldQueryDto extends ListQueryDto implements HeldFilter {
  @QueryText('Only recipients after the one with this `id`, such as the last one of the previous page.')
  after?: string;

  @QueryInteger({
    min: 1,
    description: 'The maximum number of recipients. Without it: all.',
    problem: 'must be at least 1',
  })
  limit?: number;
}
