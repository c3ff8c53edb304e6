import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { Balance } from 'nestjs-laaffic';

/** What the account holds, as exact decimals. */
export class BalanceBody implements Balance {
  @ApiProperty({ example: '99.990000', description: 'Real money.' })
  balance!: string;

  @ApiProperty({ example: '50.00000', description: 'Given by the platform.' })
  gift!: string;

  @ApiPropertyOptional({ type: String, example: '0', description: 'What may be owed; older platforms do not tell it.' })
  credit?: string;
}
