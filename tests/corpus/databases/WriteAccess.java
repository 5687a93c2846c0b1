// Writes the Access files of this folder with Jackcess; see README.md.
import com.healthmarketscience.jackcess.*;
import java.io.File;
import java.util.Date;

public class WriteAccess {
  static final String[] FIRST = {"علی", "محمد رضا", "زهرا سادات"};
  static final String[] LAST = {"حسین‌زاده", "کریمی", "موسوی"};
  static final String[] IDS = {"0012345679", "", null};
  static final String[] DAYS = {"۱۳۶۲/۷/۳", "1362/07/03", "۱۳۶۲/۷/۳"};

  static Table table(Database db, String name) throws Exception {
    return new TableBuilder(name)
        .addColumn(new ColumnBuilder("شناسه").setType(DataType.LONG))
        .addColumn(new ColumnBuilder("نام").setType(DataType.TEXT).setLengthInUnits(50))
        .addColumn(new ColumnBuilder("نام خانوادگی").setType(DataType.TEXT).setLengthInUnits(50))
        .addColumn(new ColumnBuilder("کد ملی").setType(DataType.TEXT).setLengthInUnits(20))
        .addColumn(new ColumnBuilder("دانشگاه").setType(DataType.TEXT).setLengthInUnits(100))
        .addColumn(new ColumnBuilder("تاریخ فراغت از تحصیل").setType(DataType.TEXT))
        .addColumn(new ColumnBuilder("ثبت").setType(DataType.SHORT_DATE_TIME))
        .addColumn(new ColumnBuilder("تایید").setType(DataType.BOOLEAN))
        .addColumn(new ColumnBuilder("معدل").setType(DataType.DOUBLE))
        .addColumn(new ColumnBuilder("شرح").setType(DataType.MEMO))
        .toTable(db);
  }

  static void row(Table table, int id, int n, String note) throws Exception {
    // 25 September 1983, in UTC
    Date day = new Date(83, 8, 25 + n);
    table.addRow(id, FIRST[n], LAST[n], IDS[n], "دانشگاه تهران", DAYS[n], day, n == 0, 17.25 + n, note);
  }

  public static void main(String[] given) throws Exception {
    Database.FileFormat format = Database.FileFormat.valueOf(given[1]);
    Database db = new DatabaseBuilder(new File(given[0])).setFileFormat(format).create();
    StringBuilder text = new StringBuilder();
    for (int n = 0; n < 3000; n++) text.append("سطر ").append(n).append(" از شرح، با \"نقل\" و\n");
    Table records = table(db, "مدارک");
    row(records, 1, 0, "یادداشت ۱۲/3 AB, \"نقل\"\nسطر دوم");
    row(records, 2, 1, null);
    row(records, 3, 2, text.toString());
    row(records, 4, 2, "حذف");
    for (Row found : records) if (found.getInt("شناسه") == 4) records.deleteRow(found);
    Table codes = new TableBuilder("codes")
        .addColumn(new ColumnBuilder("id").setType(DataType.LONG))
        .addColumn(new ColumnBuilder("name").setType(DataType.TEXT))
        .toTable(db);
    codes.addRow(1, "کارشناسی");
    if (given.length > 2) row(table(db, given[2]), 5, 1, null);
    db.close();
  }
}
