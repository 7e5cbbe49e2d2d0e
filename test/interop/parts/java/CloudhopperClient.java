import com.cloudhopper.smpp.*;
import com.cloudhopper.smpp.impl.DefaultSmppClient;
import com.cloudhopper.smpp.impl.DefaultSmppSessionHandler;
import com.cloudhopper.smpp.pdu.*;
import com.cloudhopper.smpp.type.Address;
import com.cloudhopper.smpp.util.DeliveryReceipt;
import java.nio.charset.StandardCharsets;
import org.joda.time.DateTimeZone;

/** A client on Cloudhopper, which reads receipts with Cloudhopper's own reader. */
public class CloudhopperClient extends Client {
  private final DefaultSmppClient client = new DefaultSmppClient();
  private SmppSession session;

  public static void main(String[] arguments) throws Exception {
    new CloudhopperClient().run(arguments);
  }

  @Override
  void bind(int port, String systemId, String password) throws Exception {
    SmppSessionConfiguration configuration = new SmppSessionConfiguration();
    configuration.setType(SmppBindType.TRANSCEIVER);
    configuration.setHost("127.0.0.1");
    configuration.setPort(port);
    configuration.setSystemId(systemId);
    configuration.setPassword(password);
    session = client.bind(configuration, new DefaultSmppSessionHandler() {
      @Override
      public PduResponse firePduRequestReceived(PduRequest request) {
        if (request instanceof DeliverSm) read((DeliverSm) request);
        return request.createResponse();
      }
    });
  }

  private void read(DeliverSm deliver) {
    try {
      DeliveryReceipt receipt = DeliveryReceipt.parseShortMessage(new String(deliver.getShortMessage(), StandardCharsets.ISO_8859_1), DateTimeZone.UTC);
      received(receipt.getMessageId(), DeliveryReceipt.toStateText(receipt.getState()));
    } catch (Exception unreadable) {
      received("unreadable", String.valueOf(unreadable.getMessage()));
    }
  }

  @Override
  String submit(String to, int esmClass, byte[] octets) throws Exception {
    SubmitSm submit = new SubmitSm();
    submit.setSourceAddress(new Address((byte) 5, (byte) 0, "ACME"));
    submit.setDestAddress(new Address((byte) 1, (byte) 1, to));
    submit.setEsmClass((byte) esmClass);
    submit.setRegisteredDelivery(SmppConstants.REGISTERED_DELIVERY_SMSC_RECEIPT_REQUESTED);
    submit.setShortMessage(octets);
    SubmitSmResp answer = session.submit(submit, 10_000);
    if (answer.getCommandStatus() != 0) throw new IllegalStateException(answer.toString());
    return answer.getMessageId();
  }

  @Override
  void unbind() {
    session.unbind(5_000);
  }
}
