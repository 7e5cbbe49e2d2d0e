import org.jsmpp.bean.*;
import org.jsmpp.extra.ProcessRequestException;
import org.jsmpp.session.*;
import org.jsmpp.util.InvalidDeliveryReceiptException;

/** A client on jSMPP, which reads receipts with jSMPP's own reader. */
public class JsmppClient extends Client implements MessageReceiverListener {
  private final SMPPSession session = new SMPPSession();

  public static void main(String[] arguments) throws Exception {
    new JsmppClient().run(arguments);
  }

  @Override
  void bind(int port, String systemId, String password) throws Exception {
    session.setMessageReceiverListener(this);
    session.connectAndBind("127.0.0.1", port, new BindParameter(BindType.BIND_TRX, systemId, password, "", TypeOfNumber.UNKNOWN,
        NumberingPlanIndicator.UNKNOWN, null));
  }

  @Override
  String submit(String to, int esmClass, byte[] octets) throws Exception {
    return session.submitShortMessage("", TypeOfNumber.ALPHANUMERIC, NumberingPlanIndicator.UNKNOWN, "ACME", TypeOfNumber.INTERNATIONAL,
        NumberingPlanIndicator.ISDN, to, new ESMClass(esmClass), (byte) 0, (byte) 0, null, null,
        new RegisteredDelivery(SMSCDeliveryReceipt.SUCCESS_FAILURE), (byte) 0, DataCodings.newInstance((byte) 0), (byte) 0, octets)
        .getMessageId();
  }

  @Override
  void unbind() {
    session.unbindAndClose();
  }

  @Override
  public void onAcceptDeliverSm(DeliverSm deliver) throws ProcessRequestException {
    if (!MessageType.SMSC_DEL_RECEIPT.containedIn(deliver.getEsmClass())) return;
    try {
      var receipt = deliver.getShortMessageAsDeliveryReceipt();
      received(receipt.getId(), receipt.getFinalStatus().toString());
    } catch (InvalidDeliveryReceiptException unreadable) {
      received("unreadable", unreadable.getMessage());
    }
  }

  @Override
  public void onAcceptAlertNotification(AlertNotification alert) {}

  @Override
  public DataSmResult onAcceptDataSm(DataSm data, Session source) {
    return null;
  }
}
