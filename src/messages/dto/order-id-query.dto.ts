import { QueryText } from '../../common/http/query-fields.js';

export class OrderIdQueryDto {
  @QueryText('The order id of a recipient.')
  orderId!: string;
}
