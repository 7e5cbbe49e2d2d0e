import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What the clients share: `java JsmppClient PORT SYSTEM-ID PASSWORD RECEIPTS < messages.json`. It submits each message, a text of more than 160
 * characters as parts with a header, and prints the ids of its answers and the receipts, when all have come.
 */
abstract class Client {
  private static final int HEADER = 0x40;
  private final List<Map<String, String>> receipts = Collections.synchronizedList(new ArrayList<>());

  abstract void bind(int port, String systemId, String password) throws Exception;

  /** Gives the message_id. */
  abstract String submit(String to, int esmClass, byte[] octets) throws Exception;

  abstract void unbind() throws Exception;

  void received(String id, String state) {
    receipts.add(Map.of("id", id, "state", state));
  }

  void run(String[] arguments) throws Exception {
    ObjectMapper json = new ObjectMapper();
    bind(Integer.parseInt(arguments[0]), arguments[1], arguments[2]);
    List<List<String>> ids = new ArrayList<>();
    for (JsonNode message : json.readTree(System.in)) ids.add(submitAll(message.get("to").asText(), message.get("text").asText()));
    while (receipts.size() < Integer.parseInt(arguments[3])) Thread.sleep(20);
    Map<String, Object> seen = new LinkedHashMap<>();
    seen.put("ids", ids);
    seen.put("receipts", new ArrayList<>(receipts));
    System.out.println(json.writeValueAsString(seen));
    unbind();
    System.exit(0);
  }

  private List<String> submitAll(String to, String text) throws Exception {
    byte[] octets = text.getBytes(StandardCharsets.US_ASCII);
    if (octets.length <= 160) return List.of(submit(to, 0, octets));
    List<String> ids = new ArrayList<>();
    int total = (octets.length + 152) / 153;
    for (int i = 0; i < total; i++) {
      int length = Math.min(153, octets.length - i * 153);
      byte[] part = new byte[6 + length];
      System.arraycopy(new byte[] {5, 0, 3, 9, (byte) total, (byte) (i + 1)}, 0, part, 0, 6);
      System.arraycopy(octets, i * 153, part, 6, length);
      ids.add(submit(to, HEADER, part));
    }
    return ids;
  }
}
