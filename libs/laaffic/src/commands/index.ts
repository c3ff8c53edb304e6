/**
 * DTOs for controllers. Needs `npm install class-validator class-transformer`.
 * @module nestjs-laaffic/commands
 */
export { IsSmsNumber } from './is-sms-number.js';
export { SendSmsCommand } from './send-sms.command.js';
