/** The keywords of one language. A keyword may have several words. */
export interface LanguageKeywords {
  /** Opt-outs, alone or at the beginning of a short reply. They hardly mean anything but "no more messages". */
  readonly optOut: readonly string[];
  /**
   * Opt-outs only if they are the whole reply. They also begin ordinary replies, in this language or in another one:
   * "cancel my order", or "Baja ringan", which is light steel in Indonesian.
   */
  readonly optOutAlone?: readonly string[];
  /** A person has to read a reply that contains one of them. */
  readonly unclear?: readonly string[];
  /** A person has to read a reply that consists of one of them. Elsewhere these are everyday words. */
  readonly unclearAlone?: readonly string[];
  readonly optIn?: readonly string[];
  /** Opt-ins that are also ordinary answers. They only count if the sender of the reply has opted out. */
  readonly optInAnswer?: readonly string[];
  readonly help?: readonly string[];
}

/**
 * The built-in keywords. All languages are active at once, so a word has to be safe in all of them. Some are missing for
 * that reason: Vietnamese "dừng" (stop) looks like "đúng" (correct) without its marks, Swahili "acha" (stop) like Hindi
 * "accha" (good).
 */
export const KEYWORD_LISTS: Readonly<Record<string, LanguageKeywords>> = {
  en: {
    optOut: ['STOP', 'STOPALL', 'UNSUBSCRIBE', 'UN SUBSCRIBE', 'UNSUB', 'OPTOUT', 'OPT OUT', 'OPT ME OUT', 'REVOKE'],
    optOutAlone: ['CANCEL', 'END', 'QUIT', 'REMOVE'],
    unclear: [
      ...['BLOCK', 'BLOCKED', 'BLOCKING', 'SPAM', 'SPAMMING', 'SPAMMER', 'SCAM', 'SCAMMER', 'HARASSMENT', 'HARASSING'],
      ...[
        'CANCEL',
        'UNSUBSCRIBED',
        'UNSUBSCRIBING',
        'UNSUSCRIBE',
        'UNSUBCRIBE',
        'UNSUBSCIBE',
        'OPTED OUT',
        'OPTING OUT',
      ],
      ...['NO MORE', 'REMOVE ME', 'REMOVE MY', 'TAKE ME OFF', 'TAKE MY NUMBER', 'DELETE ME', 'DELETE MY NUMBER'],
      ...['LOSE MY NUMBER', 'LEAVE ME ALONE', 'GO AWAY', 'GET LOST', 'FUCK OFF', 'PISS OFF', 'NOT INTERESTED'],
      ...[
        'DO NOT TEXT',
        'DONT TEXT',
        'DO NOT MESSAGE',
        'DONT MESSAGE',
        'DO NOT CONTACT',
        'DONT CONTACT',
        'DO NOT CALL',
      ],
      ...['DONT CALL', 'DO NOT SEND', 'DONT SEND', 'QUIT TEXTING', 'QUIT MESSAGING', 'QUIT SENDING', 'QUIT CALLING'],
      'WRONG NUMBER',
    ],
    unclearAlone: ['STPO', 'SOTP', 'TSOP'],
    optIn: ['START', 'UNSTOP', 'SUBSCRIBE', 'RESUME', 'OPTIN', 'OPT IN'],
    optInAnswer: ['YES'],
    help: ['HELP', 'INFO'],
  },
  fr: {
    optOut: [
      ...['STOPSMS', 'ARRET SMS', 'ARRETEZ', 'DÉSABONNER', 'DÉSABONNEMENT', 'DÉSINSCRIRE', 'DÉSINSCRIPTION'],
      ...['ME DÉSABONNER', 'ME DÉSINSCRIRE', 'DÉSABONNEZ MOI', 'DÉSINSCRIVEZ MOI'],
    ],
    // "Arrêt maladie" is a sick leave.
    optOutAlone: ['ARRÊT', 'ARRÊTER', 'ARRÊTE'],
    unclear: [
      ...['ARRÊTER', 'PLUS DE MESSAGE', 'PLUS DE MESSAGES', 'PLUS DE SMS', 'PLUS RECEVOIR', "NE M'ENVOYEZ PLUS"],
      ...['LAISSEZ MOI TRANQUILLE', 'FICHEZ MOI LA PAIX', 'FOUTEZ MOI LA PAIX', 'RETIREZ MOI', 'ENLEVEZ MOI'],
      ...['SUPPRIMEZ MOI', 'SUPPRIMEZ MON NUMÉRO', 'PAS INTÉRESSÉ', 'PAS INTÉRESSÉE', 'BLOQUER', 'ARNAQUE'],
      ...['HARCÈLEMENT', 'MAUVAIS NUMÉRO'],
    ],
    optIn: ['REPRENDRE', 'RÉABONNER'],
    help: ['AIDE'],
  },
  es: {
    optOut: [
      ...['DAR DE BAJA', 'DARME DE BAJA', 'DARSE DE BAJA', 'DAME DE BAJA', 'DEME DE BAJA', 'DENME DE BAJA'],
      ...['DADME DE BAJA', 'BAJA POR FAVOR', 'BAJA GRACIAS', 'BAJA YA', 'BAJA SMS', 'DESUSCRIBIR', 'DESUSCRIBIRME'],
      ...['DESUSCRIBIRSE', 'CANCELAR SUSCRIPCIÓN', 'ANULAR SUSCRIPCIÓN'],
    ],
    optOutAlone: ['BAJA', 'PARAR', 'PARE', 'CANCELAR', 'DETENER'],
    unclear: [
      ...['CANCELAR', 'DE BAJA', 'NO MÁS MENSAJES', 'NO MÁS SMS', 'NO ME ENVÍEN', 'NO ME ENVÍE', 'NO ME MANDEN'],
      ...['NO ME MANDES', 'NO ME ESCRIBAN', 'NO ME MOLESTEN', 'NO MOLESTEN', 'NO MOLESTAR', 'DEJEN DE', 'DEJE DE'],
      ...['DEJA DE ENVIAR', 'DEJA DE MANDAR', 'DEJA DE ESCRIBIR', 'BÓRRENME', 'BORRAR MI NÚMERO', 'ELIMÍNENME'],
      ...['QUÍTENME', 'NO ME INTERESA', 'NO QUIERO RECIBIR', 'NO DESEO RECIBIR', 'YA NO QUIERO', 'BLOQUEAR'],
      ...['BLOQUEADO', 'ESTAFA', 'ACOSO', 'NÚMERO EQUIVOCADO'],
    ],
    // "Alto" is also tall or high, "basta" also a Tagalog conjunction.
    unclearAlone: ['ALTO', 'BASTA', 'NO MÁS'],
    optIn: ['ALTA', 'REANUDAR', 'SUSCRIBIR'],
    help: ['AYUDA'],
  },
  pt: {
    optOut: [
      ...['SAIR', 'PARE DE ENVIAR', 'PARE DE MANDAR', 'PAREM DE ENVIAR', 'PAREM DE MANDAR', 'DESCADASTRAR'],
      ...['DESINSCREVER', 'CANCELAR INSCRIÇÃO', 'CANCELAR SUBSCRIÇÃO'],
    ],
    // "Pare" also addresses a friend in Tagalog, and is "it seems" in Italian.
    optOutAlone: ['PARE', 'PARAR', 'CANCELAR', 'REMOVER'],
    unclear: [
      ...['CANCELAR', 'PAREM DE', 'PARE DE', 'PARA DE ME', 'PARA DE MANDAR', 'PARA DE ENVIAR', 'NÃO ENVIE MAIS'],
      ...['NÃO ENVIEM MAIS', 'NÃO MANDE MAIS', 'NÃO MANDEM MAIS', 'NÃO ME MANDE', 'NÃO ME ENVIE', 'NÃO QUERO RECEBER'],
      ...['NÃO QUERO MAIS', 'NÃO DESEJO RECEBER', 'NÃO TENHO INTERESSE', 'SEM INTERESSE', 'ME TIRA DA LISTA'],
      ...['ME TIRE DA LISTA', 'ME TIREM DA LISTA', 'ME REMOVA', 'ME REMOVAM', 'ME DEIXA EM PAZ', 'ME DEIXEM EM PAZ'],
      ...['BLOQUEAR', 'BLOQUEADO', 'GOLPE', 'NÚMERO ERRADO', 'DENUNCIAR'],
    ],
    unclearAlone: ['BASTA', 'CHEGA'],
    optIn: ['VOLTAR', 'INSCREVER'],
    help: ['AJUDA'],
  },
  id: {
    optOut: ['BERHENTI', 'UNREG'],
    unclear: [
      ...[
        'JANGAN KIRIM',
        'JANGAN SMS',
        'JANGAN HUBUNGI',
        'JANGAN GANGGU',
        'TIDAK TERTARIK',
        'TIDAK BERMINAT',
        'BLOKIR',
      ],
      ...['PENIPUAN', 'PENIPU', 'SALAH SAMBUNG', 'SALAH NOMOR', 'HAPUS NOMOR'],
    ],
    // "Batal" also says that an appointment is off, "keluar" that a person goes out.
    unclearAlone: ['BATAL', 'KELUAR', 'CUKUP'],
    optIn: ['MULAI'],
    help: ['BANTUAN'],
  },
  ms: {
    optOut: ['BERHENTI'],
    unclear: ['JANGAN HANTAR', 'TIDAK BERMINAT', 'TAK BERMINAT', 'SALAH NOMBOR', 'PENIPU'],
    unclearAlone: ['BATAL'],
    optIn: ['MULA'],
    help: ['BANTUAN'],
  },
  tl: {
    optOut: [],
    optOutAlone: ['ITIGIL'],
    unclear: [
      ...['HUWAG NA', 'HUWAG KAYONG', 'WAG NA KAYO', 'WAG NA KAYONG', 'TIGILAN', 'TIGIL', 'HINDI AKO INTERESADO'],
      ...['DI AKO INTERESADO', 'MALING NUMBER', 'WRONG SEND', 'MANLOLOKO'],
    ],
    unclearAlone: ['TAMA NA'],
    help: ['TULONG'],
  },
  de: {
    optOut: ['STOPP', 'ABMELDEN', 'ABMELDUNG', 'ABBESTELLEN', 'ABBESTELLUNG', 'AUSTRAGEN'],
    unclear: [
      ...['KEINE SMS', 'KEINE NACHRICHTEN MEHR', 'KEINE WERBUNG', 'NICHT MEHR SCHREIBEN', 'NICHT MEHR KONTAKTIEREN'],
      ...['KEIN INTERESSE', 'LASST MICH IN RUHE', 'LASS MICH IN RUHE', 'LASSEN SIE MICH IN RUHE', 'NUMMER LÖSCHEN'],
      ...['NUMMER LOESCHEN', 'LÖSCHEN SIE', 'LOESCHEN SIE', 'LÖSCHT MICH', 'BLOCKIEREN', 'BLOCKIERT', 'BLOCKIERE'],
      ...['BELÄSTIGUNG', 'BELAESTIGUNG', 'BETRUG', 'FALSCHE NUMMER', 'KÜNDIGEN', 'KUENDIGEN', 'HÖRT AUF', 'HOERT AUF'],
      ...['HÖREN SIE AUF', 'HOEREN SIE AUF', 'AUFHÖREN', 'AUFHOEREN'],
    ],
    unclearAlone: ['ENDE', 'SCHLUSS'],
    optIn: ['ANMELDEN'],
    help: ['HILFE'],
  },
  it: {
    optOut: ['DISISCRIVIMI', 'DISISCRIVERMI', 'DISISCRIVETEMI', 'DISISCRIZIONE', 'CANCELLAMI', 'ANNULLA ISCRIZIONE'],
    optOutAlone: ['CANCELLA'],
    unclear: [
      ...['BASTA MESSAGGI', 'BASTA SMS', 'NON SCRIVETEMI', 'NON MANDATEMI', 'NON INVIATEMI', 'NON SONO INTERESSATO'],
      ...['NON SONO INTERESSATA', 'NON MI INTERESSA', 'LASCIATEMI IN PACE', 'LASCIAMI IN PACE', 'TOGLIETEMI'],
      ...[
        'RIMUOVETEMI',
        'CANCELLATEMI',
        'SMETTETELA',
        'SMETTILA',
        'VI BLOCCO',
        'TI BLOCCO',
        'TRUFFA',
        'NUMERO SBAGLIATO',
      ],
    ],
    unclearAlone: ['BASTA', 'FERMA'],
    optIn: ['ISCRIVIMI', 'RIPRENDI'],
    help: ['AIUTO'],
  },
  nl: {
    optOut: ['AFMELDEN', 'UITSCHRIJVEN', 'SCHRIJF MIJ UIT', 'SCHRIJF ME UIT'],
    // "Stoppen met roken" is to quit smoking.
    optOutAlone: ['STOPPEN'],
    unclear: [
      ...['GEEN SMS', 'GEEN BERICHTEN MEER', 'GEEN INTERESSE', 'LAAT ME MET RUST', 'LAAT MIJ MET RUST', 'BLOKKEREN'],
      ...['GEBLOKKEERD', 'VERKEERD NUMMER', 'VERWIJDER MIJ', 'VERWIJDER MIJN', 'STUUR ME NIET', 'STUUR MIJ NIET'],
      ...['OPLICHTING', 'OPZEGGEN'],
    ],
    optIn: ['AANMELDEN'],
    help: ['HULP'],
  },
  pl: {
    optOut: ['WYPISZ MNIE', 'ANULUJ SUBSKRYPCJĘ'],
    // "Rezygnuję z wizyty" cancels a visit, "wypisz receptę" asks for a prescription.
    optOutAlone: ['WYPISZ', 'REZYGNUJĘ', 'REZYGNACJA', 'ANULUJ'],
    unclear: [
      ...['REZYGNUJĘ', 'NIE CHCĘ WIĘCEJ', 'NIE CHCĘ DOSTAWAĆ', 'NIE CHCĘ OTRZYMYWAĆ', 'NIE WYSYŁAJ', 'NIE WYSYŁAJCIE'],
      ...['NIE PISZ', 'NIE PISZCIE', 'PROSZĘ NIE PISAĆ', 'PROSZĘ NIE WYSYŁAĆ', 'PROSZĘ NIE DZWONIĆ', 'USUŃCIE'],
      ...['PROSZĘ USUNĄĆ', 'NIE JESTEM ZAINTERESOWANY', 'NIE JESTEM ZAINTERESOWANA', 'BLOKUJĘ', 'ZABLOKUJĘ'],
      ...['OSZUSTWO', 'ZŁY NUMER', 'POMYŁKA', 'DAJCIE MI SPOKÓJ', 'DAJ MI SPOKÓJ'],
    ],
    help: ['POMOC'],
  },
  ru: {
    optOut: ['СТОП', 'ОТПИСАТЬСЯ', 'ОТПИСАТЬ', 'ОТПИСКА', 'ОТПИШИТЕ', 'ОТПИСЫВАЮСЬ'],
    optOutAlone: ['ОТМЕНА', 'ОТКАЗ', 'ОТКАЗАТЬСЯ'],
    unclear: [
      ...['НЕ ПИШИТЕ', 'НЕ ПРИСЫЛАЙТЕ', 'НЕ ОТПРАВЛЯЙТЕ', 'НЕ ЗВОНИТЕ', 'НЕ ШЛИТЕ', 'НЕ БЕСПОКОЙТЕ', 'НЕ ИНТЕРЕСУЕТ'],
      ...['НЕ ИНТЕРЕСНО', 'ХВАТИТ', 'ПРЕКРАТИТЕ', 'УДАЛИТЕ', 'УБЕРИТЕ', 'ОТСТАНЬТЕ', 'СПАМ', 'БЛОКИРУЮ', 'ЗАБЛОКИРУЮ'],
      ...['В БЛОК', 'МОШЕННИКИ', 'ОШИБЛИСЬ НОМЕРОМ'],
    ],
    optIn: ['СТАРТ', 'ПОДПИСАТЬСЯ'],
    help: ['ПОМОЩЬ'],
  },
  uk: {
    optOut: ['СТОП', 'ВІДПИСАТИСЯ', 'ВІДПИСАТИСЬ', 'ВІДПИСКА', 'ВІДПИШІТЬ'],
    optOutAlone: ['СКАСУВАТИ', 'ВІДМОВА'],
    unclear: [
      ...['НЕ ПИШІТЬ', 'НЕ НАДСИЛАЙТЕ', 'НЕ ТУРБУЙТЕ', 'НЕ ЦІКАВИТЬ', 'НЕ ЦІКАВО', 'ПРИПИНІТЬ', 'ВИДАЛІТЬ', 'БЛОКУЮ'],
      ...['ШАХРАЇ', 'СПАМ'],
    ],
    optIn: ['СТАРТ', 'ПІДПИСАТИСЯ'],
    help: ['ДОПОМОГА'],
  },
  bg: {
    optOut: ['СТОП', 'ОТПИСВАНЕ', 'ОТПИШЕТЕ МЕ'],
    unclear: ['НЕ МИ ПИШЕТЕ', 'НЕ МИ ПРАЩАЙТЕ', 'НЕ СЕ ИНТЕРЕСУВАМ', 'СПАМ'],
    optIn: ['СТАРТ'],
    help: ['ПОМОЩ'],
  },
  tr: {
    optOut: ['ABONELİKTEN ÇIK', 'ABONELİKTEN ÇIKMAK', 'LİSTEDEN ÇIK', 'LİSTEDEN ÇIKAR'],
    // "Ret godt" is "pretty good" in Danish. "İptal" may also be about an order.
    optOutAlone: ['İPTAL', 'RET'],
    unclear: [
      ...['İPTAL', 'MESAJ ATMAYIN', 'MESAJ GÖNDERMEYİN', 'SMS ATMAYIN', 'SMS GÖNDERMEYİN', 'MESAJ İSTEMİYORUM'],
      ...['SMS İSTEMİYORUM', 'RAHATSIZ ETMEYİN', 'İLGİLENMİYORUM', 'ENGELLE', 'ENGELLİYORUM', 'ENGELLEDİM'],
      ...['DOLANDIRICI', 'YANLIŞ NUMARA', 'NUMARAMI SİLİN'],
    ],
    unclearAlone: ['DUR', 'YETER'],
    optIn: ['ONAY', 'BAŞLAT'],
    help: ['YARDIM'],
  },
  ar: {
    optOut: ['إلغاء الاشتراك', 'إلغاء اشتراكي', 'توقف', 'أوقف', 'أوقفوا', 'إيقاف'],
    // "إلغاء الطلب" cancels an order.
    optOutAlone: ['إلغاء', 'قف'],
    unclear: [
      ...['إلغاء', 'لا ترسل', 'لا ترسلوا', 'لا تراسلني', 'لا تراسلوني', 'لا أريد رسائل', 'لا أريد رسائلكم'],
      ...['إزعاج', 'حظر', 'احتيال', 'رقم خاطئ', 'غير مهتم', 'لست مهتما', 'احذف رقمي', 'احذفوا رقمي', 'سبام'],
    ],
    optIn: ['اشتراك', 'ابدأ'],
    help: ['مساعدة'],
  },
  fa: {
    // Senders in Iran print "لغو۱۱" under each message.
    optOut: ['لغو اشتراک'],
    optOutAlone: ['لغو', 'لغو11', 'لغو۱۱'],
    unclear: ['پیام ندهید', 'پیام نفرستید', 'مزاحم نشوید', 'اشتباه گرفتید'],
    help: ['راهنما'],
  },
  he: {
    optOut: ['הסר', 'הסרה', 'הסירו אותי', 'תסירו אותי'],
    optOutAlone: ['להסיר'],
    unclear: [
      ...['להסיר', 'תפסיקו', 'תורידו אותי', 'לא מעוניין', 'לא מעוניינת', 'ספאם', 'טעות במספר', 'מספר טעות'],
      ...['אחסום', 'הטרדה'],
    ],
    help: ['עזרה'],
  },
  hi: {
    optOut: ['बंद करो', 'बंद करें', 'बंद करे', 'बंद कीजिए', 'बंद कर दो', 'बन्द करो', 'बन्द करें', 'रोकें', 'रोको', 'रोकिए', 'स्टॉप'],
    // "बंद है" says that a shop is closed.
    optOutAlone: ['बंद', 'बन्द'],
    unclear: [
      ...['मत भेजो', 'मत भेजें', 'मत भेजिए', 'परेशान मत', 'नहीं चाहिए', 'ब्लॉक', 'गलत नंबर', 'BAND KARO', 'BAND KARE'],
      ...['BAND KAR DO', 'BAND KARDO', 'MAT BHEJO', 'MAT BHEJE', 'NAHI CHAHIYE', 'PARESHAN MAT', 'GALAT NUMBER'],
    ],
    optIn: ['शुरू'],
    help: ['मदद', 'सहायता'],
  },
  bn: {
    optOut: ['বন্ধ করুন', 'স্টপ'],
    optOutAlone: ['বন্ধ'],
    unclear: ['পাঠাবেন না', 'বিরক্ত করবেন না'],
    help: ['সাহায্য'],
  },
  zh: {
    optOut: ['退订', '退訂', '取消订阅', '取消訂閱', '拒收', '停止'],
    // Senders in China print "回T退订" or "拒收请回复R" under each message.
    optOutAlone: ['TD', 'T', 'R'],
    unclear: [
      ...[
        '不要再发',
        '不要發',
        '不要发',
        '不要再傳',
        '別再傳',
        '别再发',
        '别发了',
        '骚扰',
        '騷擾',
        '垃圾短信',
        '拉黑',
        '屏蔽',
      ],
      ...['封鎖', '投诉', '投訴', '举报', '檢舉', '发错', '打错', '不感兴趣', '沒興趣', '没兴趣', '诈骗', '詐騙'],
    ],
    unclearAlone: ['取消'],
    optIn: ['订阅', '訂閱'],
    help: ['帮助', '幫助'],
  },
  ja: {
    optOut: ['配信停止', '停止', 'ストップ'],
    optOutAlone: ['解除'],
    unclear: [
      '送らないで',
      '連絡しないで',
      'やめて',
      '迷惑',
      'ブロック',
      '詐欺',
      '番号違い',
      '興味ありません',
      '不要です',
    ],
    unclearAlone: ['退会', 'キャンセル'],
    optIn: ['再開'],
    help: ['ヘルプ'],
  },
  ko: {
    optOut: ['수신거부', '무료수신거부', '수신중지', '구독취소'],
    optOutAlone: ['거부', '중지'],
    unclear: [
      ...[
        '보내지 마',
        '연락하지 마',
        '문자하지 마',
        '그만 보내',
        '차단',
        '스팸',
        '신고',
        '관심 없',
        '잘못 보내',
        '사기',
      ],
    ],
    unclearAlone: ['그만', '해지'],
    optIn: ['수신동의'],
    help: ['도움말'],
  },
  vi: {
    // "Hủy" loses its mark and is then the name Huy.
    optOut: ['TỪ CHỐI', 'HỦY ĐĂNG KÝ', 'HỦY ĐK'],
    optOutAlone: ['TC', 'TC QC', 'HỦY'],
    unclear: [
      ...['DỪNG GỬI', 'DỪNG NHẮN', 'ĐỪNG NHẮN TIN', 'KHÔNG NHẮN TIN', 'LÀM PHIỀN', 'LỪA ĐẢO', 'NHẦM SỐ'],
      ...['KHÔNG QUAN TÂM', 'KHÔNG CÓ NHU CẦU', 'CHẶN SỐ'],
    ],
    optIn: ['ĐĂNG KÝ'],
    help: ['TRỢ GIÚP'],
  },
  th: {
    optOut: ['ยกเลิกบริการ', 'ยกเลิกการรับข่าวสาร', 'ไม่รับข่าวสาร'],
    optOutAlone: ['ยกเลิก'],
    unclear: [
      ...['ยกเลิก', 'หยุดส่ง', 'เลิกส่ง', 'อย่าส่ง', 'ไม่ต้องส่ง', 'บล็อก', 'สแปม', 'มิจฉาชีพ', 'ไม่สนใจ', 'ผิดเบอร์', 'เบอร์ผิด'],
    ],
    unclearAlone: ['หยุด'],
    optIn: ['สมัคร'],
    help: ['ช่วยเหลือ'],
  },
  ro: {
    optOut: ['DEZABONARE', 'DEZABONEAZĂ', 'DEZABONAȚI', 'DEZABONEZ', 'MĂ DEZABONEZ'],
    optOutAlone: ['ANULARE', 'RENUNȚ'],
    unclear: [
      ...['NU MAI TRIMITEȚI', 'NU MAI TRIMITE', 'NU MAI VREAU', 'NU MĂ INTERESEAZĂ', 'NU SUNT INTERESAT'],
      ...[
        'NU SUNT INTERESATĂ',
        'LĂSAȚI-MĂ ÎN PACE',
        'LASĂ-MĂ ÎN PACE',
        'ȘTERGEȚI',
        'BLOCHEZ',
        'NUMĂR GREȘIT',
        'ÎNȘELĂTORIE',
      ],
    ],
    optIn: ['ABONARE'],
    help: ['AJUTOR'],
  },
  cs: {
    optOut: ['ODHLÁSIT ODBĚR', 'ODHLÁSIT SMS', 'ODHLASTE MĚ'],
    // "Odhlásit oběd" is a lunch at school.
    optOutAlone: ['ODHLÁSIT', 'ODHLÁSIT SE', 'ODHLÁŠENÍ', 'ZRUŠIT'],
    unclear: [
      ...['ODHLÁSIT', 'NEPOSÍLEJTE', 'NEPIŠTE', 'NEMÁM ZÁJEM', 'DEJTE MI POKOJ', 'SMAŽTE', 'NECHTE MĚ', 'BLOKUJI'],
      ...['PODVOD', 'ŠPATNÉ ČÍSLO', 'OMYL'],
    ],
    optIn: ['PŘIHLÁSIT'],
    help: ['NÁPOVĚDA'],
  },
  hu: {
    optOut: ['LEIRATKOZÁS', 'LEIRATKOZOM', 'LEIRATKOZNI'],
    unclear: [
      ...['NE KÜLDJENEK', 'NE KÜLDJÖN', 'NEM ÉRDEKEL', 'TÖRÖLJENEK', 'LETILTOM', 'CSALÁS', 'ROSSZ SZÁM'],
      'HAGYJANAK BÉKÉN',
    ],
    unclearAlone: ['TÖRLÉS'],
    optIn: ['FELIRATKOZÁS'],
    help: ['SEGÍTSÉG'],
  },
  sv: {
    optOut: ['STOPP', 'AVREGISTRERA', 'SLUTA'],
    optOutAlone: ['AVSLUTA'],
    unclear: [
      ...['AVSLUTA', 'INTE INTRESSERAD', 'SKICKA INTE', 'TA BORT MIG', 'TA BORT MITT NUMMER', 'FEL NUMMER'],
      ...['LÄMNA MIG IFRED', 'LÄMNA MIG I FRED', 'BLOCKERA', 'BLOCKERAR', 'BEDRÄGERI', 'INGA FLER SMS'],
      'INGA FLER MEDDELANDEN',
    ],
    help: ['HJÄLP'],
  },
  da: {
    optOut: ['AFMELD', 'AFMELDING', 'FRAMELD'],
    unclear: ['IKKE INTERESSERET', 'SEND IKKE', 'SLET MIT NUMMER', 'SLET MIG', 'FORKERT NUMMER', 'BLOKERER', 'SVINDEL'],
    optIn: ['TILMELD'],
    help: ['HJÆLP'],
  },
  no: {
    optOut: ['STOPP', 'AVMELD', 'AVMELDING'],
    optOutAlone: ['AVSLUTT'],
    unclear: [
      'IKKE INTERESSERT',
      'SLUTT Å SENDE',
      'FEIL NUMMER',
      'SLETT MEG',
      'SLETT NUMMERET',
      'BLOKKERER',
      'SVINDEL',
    ],
    help: ['HJELP'],
  },
  fi: {
    optOut: ['LOPETA', 'LOPETTAKAA'],
    optOutAlone: ['PERUUTA'],
    unclear: ['ÄLÄ LÄHETÄ', 'ÄLKÄÄ LÄHETTÄKÖ', 'EI KIINNOSTA', 'VÄÄRÄ NUMERO', 'HUIJAUS', 'POISTAKAA'],
    // Peru is also a country.
    unclearAlone: ['PERU'],
    optIn: ['TILAA'],
    help: ['APUA'],
  },
  el: {
    optOut: ['ΣΤΟΠ', 'ΔΙΑΓΡΑΦΗ'],
    optOutAlone: ['ΑΚΥΡΩΣΗ'],
    unclear: [...['ΜΗ ΜΟΥ ΣΤΕΛΝΕΤΕ', 'ΜΗΝ ΜΟΥ ΣΤΕΛΝΕΤΕ', 'ΜΗΝ ΣΤΕΛΝΕΤΕ', 'ΔΕΝ ΕΝΔΙΑΦΕΡΟΜΑΙ', 'ΛΑΘΟΣ ΑΡΙΘΜΟΣ', 'ΑΠΑΤΗ']],
    unclearAlone: ['ΤΕΛΟΣ'],
    help: ['ΒΟΗΘΕΙΑ'],
  },
  hr: {
    optOut: ['ODJAVA', 'ODJAVI ME'],
    unclear: ['NE ŠALJITE', 'NE ZANIMA ME', 'KRIVI BROJ'],
    optIn: ['PRIJAVA'],
    help: ['POMOĆ'],
  },
  sw: {
    optOut: ['JIONDOE'],
    optOutAlone: ['SITISHA', 'ONDOA'],
    unclear: ['USINITUMIE', 'MSINITUMIE'],
    help: ['MSAADA'],
  },
};
