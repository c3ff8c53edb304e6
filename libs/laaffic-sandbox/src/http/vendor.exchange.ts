import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Gateway } from '../gateway.js';
import type { AcceptedMessage } from '../ledger/accepted.message.js';
import type { RequestOutcome } from '../ledger/recorded.request.js';
import type { RequestRecord } from '../ledger/request.record.js';
import { endpointNames, type EndpointName } from '../protocol/endpoint.name.js';
import { reportFirst } from '../push/report-first.js';
import type { SandboxFault, ScriptStep } from '../script/script.step.js';
import { answerCall } from './answer-call.js';
import { htmlAnswer, rawAnswer, type Answer } from './answer.js';
import { readBody, type BodyEnd } from './read-body.js';
import { writeAnswer } from './write-answer.js';
import { methodsOf, takes, wrongMethod } from './wrong-method.js';

/** One call from its headers to its answer, with whatever the script lets happen in between. */
export class VendorExchange {
  private readonly record: RequestRecord;
  private endpoint: EndpointName = 'sendSms';
  private step: ScriptStep | null = null;
  private answer: Answer | null = null;
  private accepted: readonly AcceptedMessage[] = [];

  constructor(
    private readonly gateway: Gateway,
    private readonly request: IncomingMessage,
    private readonly response: ServerResponse,
  ) {
    this.record = gateway.ledger.open(request, gateway.resolved.settings.now());
  }

  begin(): void {
    const { method, path } = this.record;
    const { basePath, bodyLimit, quirks } = this.gateway.resolved.settings;
    const endpoint = endpointAt(path, basePath);
    if (endpoint === null) {
      this.misaddressed(htmlAnswer(404), `there is no ${path}; sends go to ${basePath}/sendSms`);
    } else if (!takes(endpoint, method)) {
      this.misaddressed(
        wrongMethod(endpoint, method, quirks),
        `${endpoint} takes ${methodsOf(endpoint)}, not ${method}`,
      );
    } else {
      this.endpoint = endpoint;
      this.step = this.gateway.script.next(endpoint);
      this.record.fault = this.step?.fault ?? null;
      if (this.step?.fault === 'cut-before-reading') this.cut();
      else if (method === 'GET') this.work();
      else readBody(this.request, bodyLimit, this.received);
    }
  }

  private readonly received = (end: BodyEnd, body: string): void => {
    if (end === 'complete') {
      this.gateway.ledger.keepBody(this.record, body);
      this.work();
    } else if (end === 'abandoned') {
      this.record.why = 'the client went away before its request was complete';
      this.finish('abandoned');
    } else {
      this.misaddressed(htmlAnswer(413, { Connection: 'close' }), 'the body is longer than bodyLimit');
    }
  };

  private work(): void {
    const { delay = 0, delayAnswer = 0 } = this.step ?? {};
    this.wait(delay, () => {
      this.decide(() => {
        this.wait(delayAnswer, () => {
          this.deliver();
        });
      });
    });
  }

  private decide(then: () => void): void {
    if (!isWorkedOn(this.step)) {
      then();
      return;
    }
    const ip = this.request.socket.remoteAddress ?? '';
    const { answer, outcome, quirks } = answerCall(this.endpoint, this.record, ip, this.step, this.gateway);
    this.answer = answer;
    this.accepted = outcome.accepted;
    this.record.accepted = outcome.accepted.length;
    this.record.why = outcome.why;
    if (quirks.pushOvertakesAnswer) reportFirst(outcome.accepted, this.gateway, then);
    else then();
  }

  private wait(milliseconds: number, then: () => void): void {
    if (milliseconds === 0) then();
    else this.gateway.waits.after(milliseconds, then);
  }

  private deliver(): void {
    const { fault, http, headers = {}, body = '' } = this.step ?? {};
    if (fault === 'cut-before-accepting' || fault === 'cut-after-accepting') this.cut();
    else if (fault === 'hang-before-accepting' || fault === 'hang-after-accepting') this.finish('hanging');
    else if (fault === 'html') this.write(htmlAnswer(http ?? 502));
    else if (fault === 'raw' || fault === 'empty-body') this.write(rawAnswer(http ?? 200, headers, body));
    else if (this.answer !== null) this.write(this.answer);
  }

  private misaddressed(answer: Answer, why: string): void {
    this.record.why = why;
    this.write(answer);
  }

  private cut(): void {
    this.request.socket.destroy();
    this.finish('cut');
  }

  private write(answer: Answer): void {
    if (this.response.destroyed) {
      this.finish('abandoned');
      return;
    }
    this.record.http = answer.http;
    this.record.status = answer.status;
    this.record.reason = answer.reason;
    writeAnswer(this.response, answer, this.gateway.now(this.step?.clockSkew), this.step, this.gateway.waits);
    this.finish('answered');
  }

  private finish(outcome: RequestOutcome): void {
    this.record.outcome = outcome;
    this.gateway.resolved.settings.onCall?.(this.record, this.accepted);
  }
}

const notAccepting: ReadonlySet<SandboxFault> = new Set(['cut-before-accepting', 'hang-before-accepting']);
const acceptingOnDemand: ReadonlySet<SandboxFault> = new Set(['html', 'raw', 'empty-body']);

function endpointAt(path: string, basePath: string): EndpointName | null {
  return endpointNames.find((name) => path === `${basePath}/${name}`) ?? null;
}

function isWorkedOn(step: ScriptStep | null): boolean {
  if (step?.fault === undefined) return true;
  return acceptingOnDemand.has(step.fault) ? step.accepted === true : !notAccepting.has(step.fault);
}
