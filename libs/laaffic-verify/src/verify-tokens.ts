import type { InjectionToken } from '@nestjs/common';
import type { OutboxExtension } from 'nestjs-laaffic-outbox/extension';

/** The tables of verifications in the database of the outbox. */
export const EXTENSION: InjectionToken<OutboxExtension> = 'LaafficVerifyExtension';
