import com.cloudhopper.commons.charset.CharsetUtil;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What the message centres of this folder have in common: they take commands on standard input, one a line, and write what
 * happens on standard output, one JSON object a line (test/interop/message-centre.ts). They end with their standard input.
 */
abstract class Centre {
  /** A receipt leaves so long after the answer, milliseconds. */
  static final int RECEIPT_AFTER_MS = 200;

  final ScheduledExecutorService later = Executors.newScheduledThreadPool(2);
  private final AtomicInteger refusals = new AtomicInteger();
  private final AtomicInteger ids = new AtomicInteger();

  abstract void listen(int port) throws Exception;

  /** Sends a deliver_sm with these fields; gives the command_status of the answer. */
  abstract int deliver(String from, String to, int esmClass, int dataCoding, byte[] octets) throws Exception;

  /** Whether the next submit_sm is to be answered with ESME_RTHROTTLED. */
  boolean refusesNext() {
    return refusals.getAndUpdate(left -> Math.max(0, left - 1)) > 0;
  }

  /** 1, 2, 3, … from the start of the process on: a centre that was restarted gives the same ids again. */
  int nextId() {
    return ids.incrementAndGet();
  }

  static synchronized void say(String json) {
    System.out.println(json);
    System.out.flush();
  }

  static void saySubmit(String id, String from, String to, int esmClass, int dataCoding, byte[] octets) {
    say(String.format("{\"event\":\"submit\",\"id\":\"%s\",\"from\":\"%s\",\"to\":\"%s\",\"esmClass\":%d,\"dataCoding\":%d,"
            + "\"octets\":\"%s\",\"text\":\"%s\"}", id, utf8Hex(from), utf8Hex(to), esmClass & 0xff, dataCoding & 0xff,
        HexFormat.of().formatHex(octets), utf8Hex(textOf(esmClass, dataCoding, octets))));
  }

  /** The text as the charsets of Cloudhopper read it, without a user data header. */
  private static String textOf(int esmClass, int dataCoding, byte[] octets) {
    int header = (esmClass & 0x40) != 0 ? 1 + (octets[0] & 0xff) : 0;
    byte[] text = java.util.Arrays.copyOfRange(octets, header, octets.length);
    return CharsetUtil.decode(text, dataCoding == 8 ? CharsetUtil.CHARSET_UCS_2 : CharsetUtil.CHARSET_GSM);
  }

  private static String utf8Hex(String text) {
    return text == null ? "" : HexFormat.of().formatHex(text.getBytes(StandardCharsets.UTF_8));
  }

  void run(int port) throws Exception {
    listen(port);
    say("{\"event\":\"listening\"}");
    BufferedReader commands = new BufferedReader(new InputStreamReader(System.in));
    for (String line = commands.readLine(); line != null; line = commands.readLine()) {
      String[] words = line.split(" ");
      if (words[0].equals("throttle")) refusals.set(Integer.parseInt(words[1]));
      if (words[0].equals("deliver")) {
        int status = deliver(words[1], words[2], Integer.parseInt(words[3]), Integer.parseInt(words[4]), HexFormat.of().parseHex(words[5]));
        say("{\"event\":\"answered\",\"status\":" + status + "}");
      }
      if (words[0].equals("text")) {
        String text = new String(HexFormat.of().parseHex(words[3]), StandardCharsets.UTF_8);
        boolean gsm = text.equals(CharsetUtil.decode(CharsetUtil.encode(text, CharsetUtil.CHARSET_GSM), CharsetUtil.CHARSET_GSM));
        byte[] octets = CharsetUtil.encode(text, gsm ? CharsetUtil.CHARSET_GSM : CharsetUtil.CHARSET_UCS_2);
        say("{\"event\":\"answered\",\"status\":" + deliver(words[1], words[2], 0, gsm ? 0 : 8, octets) + "}");
      }
    }
    System.exit(0);
  }
}
