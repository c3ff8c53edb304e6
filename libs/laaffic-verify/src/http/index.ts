/**
 * Controllers for phone verification. Needs `npm install class-validator class-transformer`.
 * @module nestjs-laaffic-verify/http
 */
export { LaafficVerifyHttpModule } from './laaffic-verify-http.module.js';
export type { BackendRoutesOptions, LaafficVerifyHttpOptions, VisitorRoutesOptions } from './verify-http.options.js';
