/**
 * DTOs for controllers. Needs `npm install class-validator class-transformer`.
 * @module nestjs-laaffic-verify/commands
 */
export { CheckVerificationCommand } from './check-verification.command.js';
export { ResendVerificationCommand } from './resend-verification.command.js';
export { StartVerificationCommand } from './start-verification.command.js';
