import { assert, property, string } from 'fast-check';
import { normalizeReply } from './normalize-reply.js';

describe('normalizeReply', () => {
  it.each([
    ['stop', 'STOP'],
    ['  Stop\t\r\n now  ', 'STOP NOW'],
    ['"STOP!!!"', 'STOP'],
    ['«stop»', 'STOP'],
    ['S.T.O.P.', 'STOP'],
    ['s t o p please', 'STOP PLEASE'],
    ['I am a b', 'I AM A B'],
    ['stopppp', 'STOP'],
    ['STOOOOP', 'STOP'],
    ['STOPP', 'STOPP'],
    ['1000', '1000'],
    ["don't, don’t, don`t, don´t", 'DONT DONT DONT DONT'],
    ['opt-out', 'OPT OUT'],
    ['opt_out', 'OPT OUT'],
    ['ＳＴＯＰ', 'STOP'],
    ['ⓢⓣⓞⓟ', 'STOP'],
    ['𝐒𝐓𝐎𝐏', 'STOP'],
    ['stop🛑', 'STOP'],
    ['🛑s🛑t🛑o🛑p🛑', 'STOP'],
    ['stop™ 👍🏽', 'STOP'],
    ['👨‍👩‍👧', ''],
    ['s\u200bt\u200co\u200dp\ufeff', 'STOP'],
    ['\u202eSTOP\u202c', 'STOP'],
    ['st\u00adop', 'STOP'],
    ['stop\ufe0f', 'STOP'],
    ['\u3164stop\u115f', 'STOP'],
    ['arrêt', 'ARRET'],
    ['arre\u0302t', 'ARRET'],
    ['iptal', 'IPTAL'],
    ['ıptal', 'IPTAL'],
    ['İptal', 'IPTAL'],
    ['straße', 'STRASSE'],
    ['wysyłaj', 'WYSYLAJ'],
    ['đăng ký', 'DANG KY'],
    ['hjælp', 'HJAELP'],
    ['стоп', 'СТОП'],
    ['отпишитёсь', 'ОТПИШИТЕСЬ'],
    ['τέλος', 'ΤΕΛΟΣ'],
    ['إلغاء', 'الغاء'],
    ['الـــغاء', 'الغاء'],
    ['إِلْغَاء', 'الغاء'],
    ['اشتراكى', 'اشتراكي'],
    ['बंद करें', 'बंद करें'],
    ['ยกเลิก', 'ยกเลิก'],
    ['ストップ', 'ストップ'],
    ['ｽﾄｯﾌﾟ', 'ストップ'],
    ['수신거부', '수신거부'],
    ['수신거부'.normalize('NFD'), '수신거부'],
    ['退订。', '退订'],
    ['\ud800stop\udfff', 'STOP'],
    ['', ''],
    ['?!', ''],
    ['\u0000', ''],
  ])('of %j is %j', (text, form) => {
    expect(normalizeReply(text)).toBe(form);
  });

  it('does not depend on what is normalized already', () => {
    assert(
      property(string({ unit: 'binary', maxLength: 30 }), (text) => {
        const form = normalizeReply(text);
        expect(normalizeReply(form)).toBe(form);
      }),
    );
  });

  it('leaves neither small ASCII letters nor punctuation nor two blanks', () => {
    assert(
      property(string({ unit: 'grapheme', maxLength: 30 }), (text) => {
        expect(normalizeReply(text)).toMatch(/^(?:[^a-z\p{P}\p{S}\p{Z}]+(?: [^a-z\p{P}\p{S}\p{Z}]+)*)?$/u);
      }),
    );
  });
});
