export { SendSmsCommand } from './send-sms.command.js';
