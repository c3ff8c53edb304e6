import { applyDecorators, UseFilters } from '@nestjs/common';
import { UseLaafficErrors } from 'nestjs-laaffic';
import { OutboxErrorFilter } from './outbox-error.filter.js';

/** Answers what the gateway, its module or the outbox refuses in one form: `code`, `outcome` and, where known, `field`. */
export function UseServiceErrors(): ClassDecorator & MethodDecorator {
  return applyDecorators(UseLaafficErrors(), UseFilters(OutboxErrorFilter));
}
