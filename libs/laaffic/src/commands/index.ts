export { IsSmsNumber } from './is-sms-number.js';
export { SendSmsCommand } from './send-sms.command.js';
