import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Properties;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.generic.GenericRecordBuilder;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** Requests by Java's own client and Apache Avro: `java AvroProducer BROKERS REGISTRY-URL TOPIC < requests.json`. */
public class AvroProducer {
  public static void main(String[] arguments) throws Exception {
    ObjectMapper json = new ObjectMapper();
    HttpRequest latest = HttpRequest.newBuilder(URI.create(arguments[1] + "/subjects/sluice.SendRequest/versions/latest")).build();
    JsonNode found = json.readTree(HttpClient.newHttpClient().send(latest, HttpResponse.BodyHandlers.ofString()).body());
    Schema schema = new Schema.Parser().parse(found.get("schema").asText());
    Properties settings = new Properties();
    settings.putAll(Map.of("bootstrap.servers", arguments[0], "acks", "all", "compression.type", "zstd", "linger.ms", "20"));
    try (var producer = new KafkaProducer<>(settings, new StringSerializer(), new ByteArraySerializer())) {
      for (JsonNode request : json.readTree(System.in)) {
        GenericRecordBuilder record = new GenericRecordBuilder(schema);
        request.fields().forEachRemaining(field -> record.set(field.getKey(), field.getValue().asText()));
        producer.send(new ProducerRecord<>(arguments[2], request.get("to").asText(), encode(found.get("id").asInt(), schema, record.build())));
      }
    }
  }

  private static byte[] encode(int id, Schema schema, GenericRecord record) throws Exception {
    ByteArrayOutputStream octets = new ByteArrayOutputStream();
    octets.write(0);
    octets.write(ByteBuffer.allocate(4).putInt(id).array());
    BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(octets, null);
    new GenericDatumWriter<GenericRecord>(schema).write(record, encoder);
    encoder.flush();
    return octets.toByteArray();
  }
}
