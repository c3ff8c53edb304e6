import type { IncomingMessage, ServerResponse } from 'node:http';
import { ENDPOINTS } from '../endpoints/endpoints.js';
import type { AcceptedMessage, RequestOutcome } from '../history/records.js';
import type { RequestRecord } from '../history/request-record.js';
import type { SandboxQuirks } from '../options/sandbox-quirks.js';
import { readBody, type BodyEnd } from '../read-body.js';
import type { Gateway } from '../state/gateway.js';
import type { SandboxFault, ScriptStep } from '../state/script/script-step.js';
import { ENDPOINT_NAMES, type EndpointName } from '../vendor/endpoint-names.js';
import { reasonFor } from '../vendor/status-codes.js';
import { respondToCall } from './respond-to-call.js';
import { htmlResponse, jsonResponse, rawResponse, writeResponse, type GatewayResponse } from './response.js';

const FAULTS_BEFORE_ACCEPTING: ReadonlySet<SandboxFault> = new Set(['cut-before-accepting', 'hang-before-accepting']);
const FAULTS_THAT_MAY_ACCEPT: ReadonlySet<SandboxFault> = new Set(['html', 'raw', 'empty-body']);

/** One request to a vendor endpoint, from its headers to its response, with the faults of the script. */
export class VendorExchange {
  readonly #record: RequestRecord;
  #endpoint: EndpointName = 'sendSms';
  #step: ScriptStep | undefined;
  #result: GatewayResponse | undefined;
  #accepted: readonly AcceptedMessage[] = [];

  constructor(
    private readonly gateway: Gateway,
    private readonly request: IncomingMessage,
    private readonly response: ServerResponse,
  ) {
    this.#record = gateway.history.addRequest(request, gateway.resolved.settings.now());
  }

  start(): void {
    const { method, path } = this.#record;
    const { basePath, maxBodyBytes, quirks } = this.gateway.resolved.settings;
    const endpoint = endpointAt(path, basePath);
    if (endpoint === undefined) {
      this.#rejectUnread(htmlResponse(404), `there is no ${path}; sends go to ${basePath}/sendSms`);
    } else if (!hasMethod(endpoint, method)) {
      const methods = ENDPOINTS[endpoint].methods.join(' and ');
      this.#rejectUnread(wrongMethod(endpoint, method, quirks), `${endpoint} takes ${methods}, not ${method}`);
    } else {
      this.#endpoint = endpoint;
      this.#step = this.gateway.script.next(endpoint);
      this.#record.fault = this.#step?.fault ?? null;
      if (this.#step?.fault === 'cut-before-reading') this.#cut();
      else if (method === 'GET') this.#work();
      else readBody(this.request, maxBodyBytes, this.#onBody);
    }
  }

  readonly #onBody = (end: BodyEnd, body: string): void => {
    if (end === 'complete') {
      this.gateway.history.keepBody(this.#record, body);
      this.#work();
    } else if (end === 'abandoned') {
      this.#record.explanation = 'the client left before its request was complete';
      this.#finish('abandoned');
    } else {
      this.#rejectUnread(htmlResponse(413, { Connection: 'close' }), 'the body is longer than maxBodyBytes');
    }
  };

  #work(): void {
    const { delayMs = 0, responseDelayMs = 0 } = this.#step ?? {};
    this.#after(delayMs, () => {
      this.#handle(() => {
        this.#after(responseDelayMs, () => {
          this.#respond();
        });
      });
    });
  }

  #handle(then: () => void): void {
    if (!isHandled(this.#step)) {
      then();
      return;
    }
    const ip = this.request.socket.remoteAddress ?? '';
    const { response, outcome, quirks } = respondToCall(this.#endpoint, this.#record, ip, this.#step, this.gateway);
    this.#result = response;
    this.#accepted = outcome.accepted;
    this.#record.accepted = outcome.accepted.length;
    this.#record.explanation = outcome.explanation ?? null;
    if (quirks.pushBeforeResponse) reportAtOnce(outcome.accepted, this.gateway, then);
    else then();
  }

  #after(ms: number, then: () => void): void {
    if (ms === 0) then();
    else this.gateway.timers.after(ms, then);
  }

  #respond(): void {
    const { fault, httpStatus, headers = {}, body = '' } = this.#step ?? {};
    if (fault === 'cut-before-accepting' || fault === 'cut-after-accepting') this.#cut();
    else if (fault === 'hang-before-accepting' || fault === 'hang-after-accepting') this.#finish('hanging');
    else if (fault === 'html') this.#write(htmlResponse(httpStatus ?? 502));
    else if (fault === 'raw' || fault === 'empty-body') this.#write(rawResponse(httpStatus ?? 200, headers, body));
    else if (this.#result !== undefined) this.#write(this.#result);
  }

  #rejectUnread(response: GatewayResponse, explanation: string): void {
    this.#record.explanation = explanation;
    this.#write(response);
  }

  #cut(): void {
    this.request.socket.destroy();
    this.#finish('cut');
  }

  #write(response: GatewayResponse): void {
    if (this.response.destroyed) {
      this.#finish('abandoned');
      return;
    }
    this.#record.httpStatus = response.httpStatus;
    this.#record.status = response.status ?? null;
    this.#record.reason = response.reason ?? null;
    const at = this.gateway.now(this.#step?.clockSkewSeconds);
    writeResponse(this.response, response, at, this.#step, this.gateway.timers);
    this.#finish('responded');
  }

  #finish(outcome: RequestOutcome): void {
    this.#record.outcome = outcome;
    this.gateway.resolved.settings.onRequest?.(this.#record, this.#accepted);
  }
}

function endpointAt(path: string, basePath: string): EndpointName | undefined {
  return ENDPOINT_NAMES.find((name) => path === `${basePath}/${name}`);
}

function hasMethod(endpoint: EndpointName, method: string): boolean {
  return ENDPOINTS[endpoint].methods.some((allowed) => allowed === method);
}

/** Responds HTTP 405, unless the quirk `queryByPost` sets another response to a query by POST. */
function wrongMethod(
  endpoint: EndpointName,
  method: string,
  { queryByPost }: Readonly<SandboxQuirks>,
): GatewayResponse {
  const code = method === 'POST' ? queryByPost : 405;
  if (code === 405) return htmlResponse(405, { Allow: ENDPOINTS[endpoint].methods.join(', ') });
  if (code > 0) return htmlResponse(code);
  const [status, reason] = [String(code), reasonFor(code)];
  return jsonResponse(200, JSON.stringify({ status, reason }), status, reason);
}

/** Whether the gateway works on a request despite the step's fault. */
function isHandled(step: ScriptStep | undefined): boolean {
  if (step?.fault === undefined) return true;
  return FAULTS_THAT_MAY_ACCEPT.has(step.fault) ? step.accepted === true : !FAULTS_BEFORE_ACCEPTING.has(step.fault);
}

/** Reports the outcome of these messages and continues once the customer has acknowledged it. */
function reportAtOnce(accepted: readonly AcceptedMessage[], gateway: Gateway, then: () => void): void {
  const { deliveries, reporter, pushes } = gateway;
  const [first] = accepted;
  if (first === undefined || !reporter.hasAddress(first.appId)) {
    then();
    return;
  }
  reporter.flush(accepted.flatMap(({ msgId }) => deliveries.find(msgId) ?? []));
  pushes.whenIdle(then);
}
