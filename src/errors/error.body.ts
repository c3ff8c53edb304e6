import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { LaafficErrorBody } from 'nestjs-laaffic';

/** Every error of the API, but that of `/health`. */
export class ErrorBody implements LaafficErrorBody {
  @ApiProperty({ example: 400 })
  statusCode!: number;

  @ApiProperty({ example: 'The request cannot be taken as it is: content must be text', description: 'For people.' })
  message!: string;

  @ApiProperty({ example: 'Bad Request', description: 'The name of the status.' })
  error!: string;

  @ApiProperty({ example: 'LAAFFIC_INVALID_COMMAND', description: 'For programs.' })
  code!: string;

  @ApiProperty({
    enum: ['rejected', 'unknown'],
    example: 'rejected',
    description: '`rejected`: surely nothing was done, asking again is safe. `unknown`: it may have been done.',
  })
  outcome!: 'rejected' | 'unknown';

  @ApiPropertyOptional({ type: String, example: 'content', description: 'What the caller has to correct.' })
  field?: string;
}
