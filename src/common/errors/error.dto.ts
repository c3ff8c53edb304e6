import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { LaafficErrorBody } from 'nestjs-laaffic';

/** The body of every error, except those of `/health`. */
export class ErrorDto implements LaafficErrorBody {
  @ApiProperty({ example: 400 })
  statusCode!: number;

  @ApiProperty({ example: 'The request is invalid: content must be text', description: 'For people.' })
  message!: string;

  @ApiProperty({ example: 'Bad Request', description: 'The name of the status.' })
  error!: string;

  @ApiProperty({ example: 'LAAFFIC_INVALID_COMMAND', description: 'For programs.' })
  code!: string;

  @ApiProperty({
    enum: ['rejected', 'unknown'],
    example: 'rejected',
    description: '`rejected`: nothing was done, so a retry is safe. `unknown`: it may have been done.',
  })
  outcome!: 'rejected' | 'unknown';

  @ApiPropertyOptional({ type: String, example: 'content', description: 'The field that the caller has to correct.' })
  field?: string;

  @ApiPropertyOptional({ type: 'integer', example: 30, description: 'As in the header `Retry-After`.' })
  retryAfterSeconds?: number;

  @ApiPropertyOptional({ type: 'integer', example: 4, description: 'How often another code can be entered.' })
  attemptsLeft?: number;

  @ApiPropertyOptional({
    type: String,
    example: 'campaigns:start',
    description: 'The scope that the API key lacks, with the code `MISSING_SCOPE`.',
  })
  missingScope?: string;

  @ApiProperty({
    example: '3f2c8a4e-6f0b-4a53-9d0e-0c9f6c1b7a21',
    description: 'The id of the request, as in the header `X-Request-Id` and in the log of the service.',
  })
  requestId!: string;
}
